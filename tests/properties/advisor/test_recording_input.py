"""Whatever a file holds, reading it ends with counts, never with an exception."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.recorded.lines import read_lines
from advisor.recorded.recording import Recording
from streams.objects.files import load_objects

CASES = Path(__file__).parents[2] / "golden" / "report"
OBJECTS = load_objects([CASES / "clinic" / "objects.yaml"], "c")
GOOD = [
    json.loads(line)
    for name in ("clinic", "enriched", "ig-2020-services", "ig-2022", "ig-2025")
    for line in (CASES / name / "input.jsonl").read_text().splitlines()
]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["\ud800", "::1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def damaged(draw):
    """A good line with one field, at any depth, replaced by something else or taken away."""
    line = json.loads(json.dumps(draw(st.sampled_from(GOOD))))
    inside = line
    while True:
        field = draw(st.sampled_from(sorted(inside)))
        if not (isinstance(inside[field], dict) and inside[field] and draw(st.booleans())):
            break
        inside = inside[field]
    if draw(st.booleans()):
        del inside[field]
    else:
        inside[field] = draw(ODD)
    return json.dumps(line).encode()


def taken(data):
    recording, bad = Recording(OBJECTS), []
    recording.take(read_lines(io.BytesIO(data)), bad.append)
    recording.finish()
    assert recording.bad == len(bad)
    return recording


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=5))
def test_any_bytes(parts):
    """Lines of noise."""
    taken(b"\n".join(parts))


@settings(max_examples=400, deadline=None)
@given(st.lists(damaged(), min_size=1, max_size=3))
def test_every_line_is_good_or_bad(lines):
    """A damaged line may still be good (an optional field); none vanishes."""
    recording = taken(b"\n".join(lines))
    assert recording.good + recording.bad == len(lines)
    for window in recording.windows.windows():
        assert window.edges


@pytest.mark.parametrize("line", GOOD, ids=range(len(GOOD)))
def test_the_undamaged_lines_are_good(line):
    """So that the property above damages something."""
    assert taken(json.dumps(line).encode()).good == 1
