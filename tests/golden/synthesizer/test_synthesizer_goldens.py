"""One workload's edges and the policy that follows, byte for byte; `--update` rewrites, a person reads what changed."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from advisor.recorded.enriched import parse_enriched
from advisor.recorded.windows import WindowFold
from synthesizer.evaluator.reader import read_policies
from synthesizer.offline import suggestions_of
from synthesizer.options import Isolation, Options

CASES = Path(__file__).parent
NAMES = sorted(path.parent.name for path in CASES.glob("*/case.yaml"))
DEFAULTS = {"count": 1, "first_seen": "2026-01-02T03:04:05Z", "last_seen": "2026-01-02T03:04:06Z"}


def options_of(given):
    """Options as a case names them."""
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    isolation = Isolation(values.pop("isolation", Isolation.BOTH.value))
    return replace(Options(isolation), **values)


def suggestion_of(case):
    """The suggestion for the case's one workload."""
    fold = WindowFold()
    for edge in case["edges"]:
        line = parse_enriched({**DEFAULTS, "workload": case["workload"], **edge})
        fold.add(line.workload, line.edge)
    (suggestion,) = suggestions_of(fold.windows(), options_of(case.get("options", {})))
    return suggestion


def words_of(suggestion):
    """All that a person is told beside the policy."""
    proof = suggestion.proof
    told = (
        ("reason", [suggestion.reason] if suggestion.reason else []),
        ("warning", suggestion.warnings),
        ("generalisation", suggestion.generalisations),
        ("proof: observed and admitted", [(proof.observed, proof.admitted)]),
        ("proof: near misses, refused, stated", [(proof.near_misses, proof.refused, proof.covered)]),
    )
    return "".join(f"{what}: {text}\n" for what, texts in told for text in texts)


def case_of(name):
    """The case as written."""
    return yaml.safe_load((CASES / name / "case.yaml").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_and_the_words(name, update_goldens):
    """The file as it would be written, and what stands beside it in the record."""
    suggestion = suggestion_of(case_of(name))
    for file, text in {"expected.yaml": suggestion.policy, "expected.txt": words_of(suggestion)}.items():
        path = CASES / name / file
        if update_goldens:
            path.write_text(text)
        assert path.read_text() == text, f"{name}/{file}"


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_is_one_that_kubernetes_takes(name):
    """As the evaluator reads it, which refuses what the API server would."""
    suggestion = suggestion_of(case_of(name))
    assert len(read_policies(suggestion.policy)) == bool(suggestion.policy)
