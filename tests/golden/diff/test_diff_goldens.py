"""Suggested policies against hand-written ones: each folder is a case, and the whole output is compared."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.commands.diff import Different, diff

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/input.jsonl"))


def run(case, monkeypatch, *more, sides=("suggested", "deployed")):
    """The command in the case's folder."""
    monkeypatch.chdir(case)
    return CliRunner().invoke(diff, [*sides, "--input", "input.jsonl", "--objects", "objects.yaml", *more])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_output_is_as_expected(case, monkeypatch, update_goldens):
    """Tables, texts, notes and verdict."""
    result = run(case, monkeypatch, "--text")
    text = f"{result.stdout}\n{result.stderr}\n{result.exception}\n"
    assert isinstance(result.exception, Different)
    path = case / "expected.txt"
    if update_goldens:
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_other_way_round_it_says_the_same(case, monkeypatch):
    """First and second change places, and nothing else."""
    there = json.loads(run(case, monkeypatch, "-o", "json").stdout)
    back = json.loads(run(case, monkeypatch, "-o", "json", sides=("deployed", "suggested")).stdout)
    assert there["allowed_by_first_alone"] == back["allowed_by_second_alone"] != []
    assert there["allowed_by_second_alone"] == back["allowed_by_first_alone"] != []
    assert not there["same"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_source_does_not_differ_from_itself(case, monkeypatch):
    """Exit code 0, and not a line of text either."""
    result = run(case, monkeypatch, "--text", sides=("deployed", "deployed"))
    assert result.exit_code == 0
    assert result.stdout == "deployed and deployed allow the same\n"


def test_the_how_to_shows_this_output(monkeypatch):
    """The page's case, to the letter."""
    page = Path(__file__).parents[3] / "docs" / "how-to" / "diff.md"
    assert run(Path(__file__).parent / "bakery", monkeypatch).stdout in page.read_text()
