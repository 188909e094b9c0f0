"""What the demo says at its end."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from advisor.demo import verdict
from advisor.demo.manifest import Deployment, Manifest
from advisor.demo.watch import Tally
from schemas.records import (
    ConnectionBatch,
    Connections,
    Coverage,
    DeadLetter,
    PolicySuggestion,
    Proof,
    Workload,
    WorkloadRef,
)

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
spec:
  ingress: [{}, {}]
  egress: [{}]
"""
MANIFEST = Manifest(("demo",), (Deployment("demo", "cart", (("app", "cart"),), 1, (), (), dual_stack=False),), ())
WHOLE = PolicySuggestion(
    cluster="default",
    workload=Workload("demo", "Deployment", "cart"),
    revision=1,
    policy_name="cart-network",
    policy=POLICY,
    reason="",
    warnings=(),
    generalisations=(),
    proof=Proof(observed=3, admitted=3, near_misses=50, refused=48, covered=2),
    coverage=Coverage(
        windows=4, new_edge_probability=0.25, unseen_share=0.75, sentence="about 1 in 4 windows may show more"
    ),
    evidence=(),
)


@pytest.fixture
def output(tmp_path):
    """A folder that holds the suggestion's file."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "cart-network.yaml").write_text(POLICY)
    return tmp_path


def tally(*suggestions):
    made = Tally()
    for one in suggestions:
        made.take(one)
    return made


def test_nothing_is_missing_from_a_whole_demo(output):
    """A policy, all observed edges admitted, all near misses refused or covered, the file written."""
    assert verdict.missing(MANIFEST, tally(WHOLE), output) == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"policy": "", "reason": "no labels"}, "no suggestion (no labels)"),
        ({"proof": replace(WHOLE.proof, admitted=2)}, "2 of 3 observed edges are admitted"),
        ({"proof": Proof()}, "0 of 0 observed edges are admitted"),
        ({"proof": replace(WHOLE.proof, covered=1)}, "only 48 of 50 near misses are refused"),
        ({"policy_name": "other-network"}, "does not hold the suggestion"),
        ({"policy": POLICY + "# newer\n"}, "does not hold the suggestion"),
    ],
)
def test_each_lack_is_named(output, change, expected):
    """What is not whole is said with the workload's name."""
    (sentence,) = verdict.missing(MANIFEST, tally(replace(WHOLE, **change)), output)
    assert sentence.startswith("demo/Deployment/cart: ")
    assert sentence.endswith(expected)


def test_a_workload_without_suggestion_is_missing(output):
    """Every Deployment of the manifest must have one."""
    assert verdict.missing(MANIFEST, Tally(), output) == ("demo/Deployment/cart: no suggestion",)


def test_dead_letters_are_not_hidden(output):
    """The demo feeds only good records, so one that was set aside is a defect."""
    letter = DeadLetter("t", 0, 7, "why it was", None, b"", "stream", 0)
    assert verdict.missing(MANIFEST, tally(WHOLE, letter), output) == (
        "records set aside: 1, the first because: why it was",
    )


def test_the_table_tells_rules_proof_and_file(output):
    """One row per suggestion: rules counted from the YAML, the proof, the coverage, the file."""
    sink = io.StringIO()
    Console(file=sink, width=140).print(verdict.table(tally(WHOLE), output))
    row = next(line for line in sink.getvalue().splitlines() if "demo/cart " in line)
    cells = re.split(r" {2,}", row.strip())
    assert cells == ["demo/cart", "2/1", "3 of 3", "48 of 50 (2 generalised)", "4", "75%", "demo/cart-network.yaml"]


def test_the_least_sure_suggestion_is_named():
    """The closing sentence speaks of the highest estimate, not of the average."""
    sure = replace(WHOLE, workload=replace(WHOLE.workload, name="sure"), coverage=Coverage(new_edge_probability=0.0))
    assert verdict.closing(tally(sure, WHOLE)) == "Least sure: cart, about 1 in 4 windows may show more."
    assert verdict.closing(Tally()) == "No suggestion was made."


def test_a_later_suggestion_replaces_the_earlier():
    """The tally keeps the latest of each workload."""
    later = replace(WHOLE, revision=2)
    assert tally(WHOLE, later).suggestions == {WorkloadRef("demo", "Deployment", "cart"): later}


def test_only_the_shops_connections_are_counted():
    """The collector sees the whole machine; the demo speaks of its pods."""
    ours, other = b"\x0a\xf4\x00\x0a", b"\x7f\x00\x00\x01"
    columns = Connections(addresses=(ours, other), local=(0, 1, 0), remote=(1, 0, 1), counts=(3, 50, 4))
    made = Tally(frozenset({ours}))
    made.take(ConnectionBatch("default", "demo-node", "b", 0, 0, 1, columns))
    assert made.connections == 7
