"""Recordings against hand-written policies: each folder is a case, and the whole output is compared."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.commands.verify import WouldBreak, verify

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/input.jsonl"))


def run(case, monkeypatch, *more):
    """The command in the case's folder."""
    monkeypatch.chdir(case)
    objects = ["--objects", "objects.yaml"] if Path("objects.yaml").exists() else []
    return CliRunner().invoke(verify, ["--policies", "policies", "--input", "input.jsonl", *objects, *more])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_output_is_as_expected(case, monkeypatch, update_goldens):
    """Tables, notes and verdict."""
    result = run(case, monkeypatch)
    breaks = isinstance(result.exception, WouldBreak)
    text = f"{result.stdout}\n{result.stderr}\n{result.exception if breaks else 'exit 0'}\n"
    assert breaks or result.exit_code == 0, result.exception
    path = case / "expected.txt"
    if update_goldens:
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_document_says_the_same(case, monkeypatch):
    """In both forms, and as many edges as the table counts."""
    found = json.loads(run(case, monkeypatch, "-o", "json").stdout)
    summary = (case / "expected.txt").read_text().splitlines()[0]
    edges = found["edges"]
    assert found["breaks"] == bool(found["refused"])
    assert edges["observed"] == edges["admitted"] + edges["unknown"] + edges["refused"]
    assert (edges["refused"], edges["unknown"]) == (len(found["refused"]), len(found["unknown"]))
    assert f"{edges['observed']} (" in summary
    assert f"{edges['refused']} refused (" in summary


def test_the_how_to_shows_this_output(monkeypatch):
    """The page's case, to the letter."""
    page = Path(__file__).parents[3] / "docs" / "how-to" / "verify.md"
    assert run(Path(__file__).parent / "bakery", monkeypatch).stdout in page.read_text()


REPORTS = sorted(path.parent for path in (Path(__file__).parents[1] / "report").glob("*/input.jsonl"))
LEFT_OUT = {"enriched": {"demo/Pod/bare", "external 169.254.169.254"}}
"""What a suggestion refuses because it must (a peer without labels) or on purpose (the metadata address)."""


@pytest.mark.parametrize("case", REPORTS, ids=lambda case: case.name)
def test_what_a_report_suggests_breaks_nothing_of_its_recording(case, monkeypatch):
    """Every golden case of `report`: what it refuses is what its warnings name."""
    monkeypatch.chdir(case)
    objects = ["--objects", "objects.yaml"] if Path("objects.yaml").exists() else []
    arguments = ["--policies", "expected.yaml", "--input", "input.jsonl", *objects, "-o", "json"]
    found = json.loads(CliRunner().invoke(verify, arguments).stdout)
    assert {one["server"] for one in found["refused"]} == LEFT_OUT.get(case.name, set())
