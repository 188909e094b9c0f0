"""What `report` makes of a recording, byte for byte; `--update` rewrites, a person reads the difference."""

from pathlib import Path

import pytest

CASES = Path(__file__).parent
NAMES = sorted(path.parent.name for path in CASES.glob("*/input.jsonl"))


@pytest.mark.parametrize("name", NAMES)
def test_the_policies_and_the_words(name, run_case, update_goldens):
    """Standard output holds the policies alone, standard error everything else."""
    result = run_case(name)
    assert result.exit_code == 0, result.output
    files = {"expected.yaml": result.stdout, "expected-stderr.txt": result.stderr}
    for file, text in files.items():
        path = CASES / name / file
        if update_goldens:
            path.write_text(text)
        assert text == path.read_text(), f"{name}/{file}"


@pytest.mark.parametrize("name", NAMES)
def test_every_observed_edge_is_admitted(name, run_case):
    """No case has a defect of the inference in it (law 1)."""
    assert "defect" not in run_case(name).stderr
