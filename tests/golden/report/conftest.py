"""A golden case is a folder: what is given, and what `report` prints on either stream."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advisor.commands.report import report

CASES = Path(__file__).parent


@pytest.fixture
def run_case(monkeypatch):
    """Runs `report` in a case's folder, so that messages name files as a person would."""

    def run(name: str, *more: str) -> Result:
        monkeypatch.chdir(CASES / name)
        objects = ["--objects", "objects.yaml"] if Path("objects.yaml").exists() else []
        return CliRunner().invoke(report, ["--input", "input.jsonl", *objects, *more])

    return run
