"""Each rule with what it rests on, and every other edge with the reason why it has none."""

from dataclasses import replace

import pytest
from rich.table import Table
from shop import deployment
from small_worlds import WINDOW_MS, window
from suggested import suggestions

from advisor.explain.document import document_of
from advisor.explain.rules import explain
from advisor.explain.text import parts_of
from advisor.explain.words import rule_in_words
from schemas.records import (
    Edge,
    ExternalPeer,
    NodePeer,
    Protocol,
    Role,
    ServiceRef,
    UnresolvedPeer,
    WindowSource,
    Workload,
    WorkloadPeer,
)
from synthesizer.evaluator.reader import read_policies
from synthesizer.offline import suggestions_of
from synthesizer.options import Isolation, Options

SUBJECT, DNS, CALLER = deployment(1), deployment(2), deployment(3)


def edge(role, peer, port, start, **more):
    """An edge that the client's end saw."""
    counts = {"client_count": 1, "server_count": 0, "unknown_count": 0, "attempts": 0}
    given = {"protocol": Protocol.TCP, **counts, **more}
    return Edge(role, peer, port=port, first_seen=start + 5, last_seen=start + 900, **given)


def windows(*, made=lambda _start: ()):
    """Two windows of the subject: DNS by a Service, a caller of another namespace, an address outside."""
    dns = (ServiceRef("kube-system", "dns", 53),)
    return [
        replace(
            window(
                SUBJECT,
                start,
                [
                    edge(
                        Role.CLIENT, WorkloadPeer(DNS), 53, start, protocol=Protocol.UDP, server_count=7, services=dns
                    ),
                    edge(Role.SERVER, WorkloadPeer(CALLER), 8080, start, client_count=3, attempts=2),
                    edge(Role.CLIENT, ExternalPeer("203.0.113.7"), 443, start),
                    *made(start),
                ],
            ),
            sources=(WindowSource(f"node-{start}", "b", 1),),
        )
        for start in (0, WINDOW_MS)
    ]


def explained(found, options=None):
    (suggestion,) = suggestions_of(found, options)
    return explain(suggestion, found)


def by_name(explanation):
    return {rule.name: rule for rule in explanation.rules}


def test_every_established_edge_stands_under_the_rule_that_admits_it():
    """With counts, times, ends and nodes."""
    ingress = by_name(explained(windows()))["ingress[0]"]
    (seen,) = ingress.seen
    assert seen.edge.peer == WorkloadPeer(CALLER)
    assert (ingress.count, ingress.first_seen, ingress.last_seen) == (6, 5, WINDOW_MS + 900)
    assert (seen.ends, seen.nodes) == ("client", ("node-0", f"node-{WINDOW_MS}"))
    assert ingress.beyond == ()


def test_what_goes_beyond_the_seen_stands_under_its_rule():
    """Here TCP beside the DNS that was seen over UDP, from both ends."""
    explanation = explained(windows())
    beyond = [rule for rule in explanation.rules if rule.beyond]
    assert [[one.edge.port for one in rule.seen] for rule in beyond] == [[53]]
    assert beyond[0].seen[0].ends == "both"
    assert beyond[0].beyond == explanation.suggestion.generalisations


def test_folded_addresses_are_one_rule_with_many_edges():
    """The prefix is named as what goes beyond."""
    found = windows(made=lambda start: [edge(Role.CLIENT, ExternalPeer(f"203.0.{n}.9"), 443, start) for n in range(40)])
    explanation = explained(found)
    folded = [rule for rule in explanation.rules if len(rule.seen) > 1]
    assert sum(len(rule.seen) for rule in folded) == 41
    assert {text for rule in folded for text in rule.beyond} == {
        text for text in explanation.suggestion.generalisations if "external" in text
    }


@pytest.mark.parametrize(
    ("left", "why"),
    [
        (lambda start: edge(Role.SERVER, NodePeer("192.168.0.2", "n", own=True), 8080, start), "own node"),
        (lambda start: edge(Role.CLIENT, UnresolvedPeer("10.1.2.3", "no_lease"), 80, start), "nobody was known"),
        (lambda start: edge(Role.UNKNOWN, WorkloadPeer(DNS), 80, start), "which end was the client"),
        (lambda start: edge(Role.CLIENT, WorkloadPeer(DNS), 81, start, client_count=0, attempts=4), "only tried"),
        (lambda start: edge(Role.CLIENT, WorkloadPeer(Workload("shop", "Pod", "x")), 80, start), "no labels"),
        (lambda start: edge(Role.CLIENT, ExternalPeer("169.254.169.254"), 80, start), "credentials"),
    ],
)
def test_an_edge_without_a_rule_says_why(left, why):
    """The others have theirs all the same."""
    explanation = explained(windows(made=lambda start: [left(start)]))
    (one,) = explanation.without_rule
    assert why in one.why
    assert one.seen.nodes == ("node-0", f"node-{WINDOW_MS}")
    assert sum(len(rule.seen) for rule in explanation.rules) == 3


def test_cluster_ranges_that_are_not_known_here_point_to_the_warnings():
    """The synthesizer knew them."""
    found = windows(made=lambda start: [edge(Role.CLIENT, ExternalPeer("172.20.0.9"), 80, start)])
    (one,) = explained(found, Options(pod_cidrs=("172.20.0.0/16",))).without_rule
    assert one.why == "no rule admits it, see the warnings"


def test_a_direction_that_is_not_isolated_has_no_rule_and_is_said():
    """Its edges need none."""
    only_in = [replace(one, edges=one.edges[1:2]) for one in windows()]
    explanation = explained(only_in, Options(Isolation.OBSERVED))
    assert list(by_name(explanation)) == ["ingress[0]"]
    printed = [part for part in parts_of(explanation) if isinstance(part, str)]
    assert "generalised: egress is not isolated: all of it is admitted" in printed


def test_a_workload_without_a_policy_says_the_reason_and_its_edges():
    bare = [replace(one, workload=replace(SUBJECT, selector=())) for one in windows()]
    explanation = explained(bare)
    first, *_ = parts_of(explanation)
    assert "no policy: its pods have no labels" in first
    assert explanation.rules == ()
    assert len(explanation.without_rule) == 3


def test_the_document_names_every_field_of_a_rule():
    """As a program reads it."""
    document = document_of(explained(windows()))
    rule = next(one for one in document["rules"] if one["rule"] == "ingress[0]")
    (found,) = rule.pop("edges")
    assert rule == {
        "rule": "ingress[0]",
        "peers": ["pods app=w3 in team3"],
        "ports": ["TCP 8080"],
        "first_seen": "1970-01-01T00:00:00.005Z",
        "last_seen": "1970-01-01T00:05:00.900Z",
        "count": 6,
        "nodes": ["node-0", f"node-{WINDOW_MS}"],
        "beyond": [],
    }
    assert (found["peer"]["name"], found["ends"], found["attempts"], found["windows"]) == ("w3", "client", 2, 2)
    assert [one["rule"] for one in document["rules"]] == ["ingress[0]", "egress[0]", "egress[1]"]


@pytest.mark.parametrize("doubt", ["shared", "hidden_client", "unconfirmed"])
def test_what_is_in_doubt_stands_beside_the_ends(doubt):
    """In the table and in the document."""
    (suggestion,) = suggestions_of(windows())
    doubted = [replace(one, **{doubt: one.port == 8080}) for one in suggestion.evidence]
    explanation = explain(replace(suggestion, evidence=tuple(doubted)))
    edges = [one for rule in document_of(explanation)["rules"] for one in rule["edges"]]
    assert [one["doubts"] for one in edges if one["port"] == 8080] == [[doubt]]
    assert {tuple(one["doubts"]) for one in edges if one["port"] != 8080} == {()}
    tables = [part for part in parts_of(explanation) if isinstance(part, Table)]
    assert [cell for table in tables for cell in table.columns[7].cells if "," in cell] == [
        f"client, {doubt.replace('_', ' ')}"
    ]


def test_every_edge_of_every_suggestion_is_somewhere():
    """None is lost between rules and the rest, none stands under no rule that the proof says is admitted."""
    for suggestion in suggestions(workloads=9, windows=3):
        explanation = explain(suggestion)
        assert sum(len(rule.seen) for rule in explanation.rules) == suggestion.proof.admitted
        assert explanation.without_rule == ()


@pytest.mark.parametrize(
    ("peers", "ports", "words"),
    [
        ("[]", "[]", "from anyone on every port"),
        ("[{podSelector: {}}]", "[{port: 80}]", "from all pods on TCP 80"),
        ("[{namespaceSelector: {}}]", "[{port: 9}]", "from all pods in every namespace on TCP 9"),
        ("[{podSelector: {matchLabels: {x: z}}}]", "[]", "from pods x=z on every port"),
        (
            "[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: a}}, podSelector: {}}]",
            "[{port: 1, endPort: 9, protocol: UDP}]",
            "from all pods in a on UDP 1-9",
        ),
        (
            "[{namespaceSelector: {matchLabels: {team: a}}}, {podSelector: {matchLabels: {x: z, u: v}}}]",
            "[]",
            "from all pods in namespaces team=a, pods x=z,u=v on every port",
        ),
        (
            "[{podSelector: {matchExpressions: [{key: k, operator: NotIn, values: [b, a]}]}}]",
            "[{port: 80}]",
            "from pods k!=a|b on TCP 80",
        ),
        (
            "[{podSelector: {matchExpressions: [{key: d, operator: DoesNotExist}, {key: e, operator: Exists}]}}]",
            "[{port: http}, {protocol: SCTP}]",
            "from pods !d,e on TCP http, SCTP every port",
        ),
        (
            "[{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]",
            "[{port: 80}]",
            "from 10.0.0.0/8 but 10.1.0.0/16 on TCP 80",
        ),
    ],
)
def test_rules_in_words(peers, ports, words):
    text = (
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: p}, "
        f"spec: {{podSelector: {{}}, ingress: [{{from: {peers}, ports: {ports}}}]}}}}"
    )
    (policy,) = read_policies(text)
    assert rule_in_words("ingress", policy.ingress[0]) == words
