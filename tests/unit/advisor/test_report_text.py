"""What `report` says to a person about one workload, in lines and as a table."""

import io

import pytest
from rich.console import Console

from advisor.report_text import lines_of, table_of
from schemas.records import Coverage, PolicySuggestion, Proof, Workload


@pytest.fixture
def suggestion():
    def make(**fields):
        given = {"policy": "kind: NetworkPolicy\n", "reason": "", "warnings": (), "generalisations": (), **fields}
        workload = Workload("demo", "Deployment", "web", (("app", "web"),))
        return PolicySuggestion(
            "c", workload, 1, "web-network", proof=Proof(3, 3, 20, 19, 1), coverage=Coverage(), evidence=(), **given
        )

    return make


def test_a_policy_comes_with_its_proof(suggestion):
    """Edges admitted, near misses refused, and what is covered on purpose."""
    (line,) = lines_of(suggestion())
    first, last = "web-network: 3 of 3 observed edges admitted", "1 covered by a stated generalisation"
    assert line == f"demo/Deployment/web: {first}, 19 of 20 near misses refused, {last}"


def test_no_policy_comes_with_its_reason(suggestion):
    """And with the warnings all the same."""
    said = list(lines_of(suggestion(policy="", reason="it has no labels", warnings=("odd",))))
    assert said == ["demo/Deployment/web: no policy: it has no labels", "  warning: odd"]


def test_the_table_says_the_same(suggestion):
    """Brackets in a text are not taken for markup."""
    out = io.StringIO()
    rows = (suggestion(warnings=("[bold] one",)), suggestion(policy="", reason="it has no labels"))
    Console(file=out, width=200, markup=False).print(table_of(rows))
    for text in ("web-network", "3 of 3", "warning: [bold] one", "no policy: it has no labels"):
        assert text in out.getvalue()
