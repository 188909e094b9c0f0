"""Law 3 for `report`: shuffle the lines, repeat any of them: the same bytes."""

import io
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.recorded.windows import CLUSTER
from advisor.report import read, report_of
from streams.objects.files import load_objects
from synthesizer.options import Isolation

CASES = Path(__file__).parents[2] / "golden" / "report"


@cache
def case(name):
    """Lines and objects of a golden case."""
    objects = CASES / name / "objects.yaml"
    lines = (CASES / name / "input.jsonl").read_bytes().splitlines()
    return lines, load_objects([objects], CLUSTER) if objects.exists() else ()


@cache
def mixed():
    """Every form in one recording."""
    names = ("clinic", "enriched", "ig-2020-services", "ig-2022", "ig-2025")
    return [line for name in names for line in case(name)[0]], case("clinic")[1]


def documents(lines, objects):
    recording = read(io.BytesIO(b"\n".join(lines)), objects, lambda bad: pytest.fail(bad.reason))
    return report_of(recording, Isolation.BOTH).documents


def shuffled_and_repeated(lines):
    """Any order of all lines, and any of them again, any number of times."""
    return st.tuples(st.permutations(lines), st.lists(st.sampled_from(lines), max_size=len(lines))).flatmap(
        lambda both: st.permutations(both[0] + both[1])
    )


@settings(max_examples=25, deadline=None)
@given(st.data())
@pytest.mark.parametrize("recording", [lambda: case("clinic"), mixed], ids=["raw", "every form"])
def test_order_and_repetition_do_not_matter(recording, data):
    """The policies are a set of facts, and so is the recording."""
    lines, objects = recording()
    assert documents(data.draw(shuffled_and_repeated(lines)), objects) == documents(lines, objects)


def test_doubled():
    """The whole file twice."""
    lines, objects = mixed()
    assert documents(lines + lines, objects) == documents(lines, objects)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_fewer_lines_never_admit_more_workloads(data):
    """A line left out may take a policy away; it never makes one appear."""
    lines, objects = case("clinic")
    some = data.draw(st.lists(st.sampled_from(lines), unique=True))
    assert documents(some, objects).count("kind: NetworkPolicy") <= documents(lines, objects).count(
        "kind: NetworkPolicy"
    )
