"""The evaluator on the cases that the NetworkPolicy page of Kubernetes spells out."""

import pytest

from schemas.records import Protocol
from synthesizer.evaluator.decide import allows
from synthesizer.evaluator.model import Connection, Outside, Pod
from synthesizer.evaluator.reader import BadPolicy, policy_of, read_policies


def policy(**spec):
    """A policy named p in namespace x."""
    head = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    return {**head, "metadata": {"name": "p", "namespace": "x"}, "spec": {"podSelector": {}, **spec}}


def pod(name, namespace="x", **labels):
    return Pod(namespace, name, tuple(sorted(labels.items())))


def verdict(document, client, server, port=80, protocol=Protocol.TCP):
    return allows([policy_of(document)], Connection(client, server, protocol, port))


A, B = pod("a", app="a"), pod("b", app="b")


def test_without_policy_types_egress_is_isolated_only_if_there_is_a_rule_for_it():
    """And ingress always; an empty section is none, as the API server's defaults have it (test_policy_defaults)."""
    assert not verdict(policy(), A, B).allowed
    for without in (policy(), policy(egress=[]), policy(egress=None), policy(egress=[], policyTypes=[])):
        assert verdict(without, B, Outside("8.8.8.8")).allowed
    one_port = policy(egress=[{"ports": [{"port": 53}]}])
    assert not verdict(one_port, B, Outside("8.8.8.8")).allowed
    assert not verdict(policy(egress=[], policyTypes=["Egress"]), B, Outside("8.8.8.8")).allowed


def test_selectors_in_one_item_must_both_hold_and_in_two_items_either():
    """The difference that one hyphen makes."""
    namespaces, pods = {"matchLabels": {"kubernetes.io/metadata.name": "y"}}, {"matchLabels": {"app": "a"}}
    both = policy(ingress=[{"from": [{"namespaceSelector": namespaces, "podSelector": pods}]}])
    either = policy(ingress=[{"from": [{"namespaceSelector": namespaces}, {"podSelector": pods}]}])
    assert [verdict(one, A, B).allowed for one in (both, either)] == [False, True]
    assert [verdict(one, pod("a", "y", app="a"), B).allowed for one in (both, either)] == [True, True]


def test_a_rule_without_peers_is_for_anyone_and_one_without_ports_for_every_port():
    """Empty lists mean the same as absent ones."""
    for rule in ({}, {"from": [], "ports": []}):
        assert verdict(policy(ingress=[rule]), Outside("8.8.8.8"), B, 9, Protocol.SCTP).allowed


def test_another_policy_adds_what_this_one_leaves_out():
    """Policies are unions; an except takes nothing from others."""
    block = {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}
    narrow = policy_of(policy(ingress=[{"from": [{"ipBlock": block}]}]))
    wide = policy_of(policy(ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/24"}}]}]))
    asked = Connection(Outside("10.0.0.1"), B, Protocol.TCP, 80)
    assert not allows([narrow], asked).allowed
    assert allows([narrow, wide], asked).allowed


def test_a_pods_own_node_is_always_admitted():
    """And another node is not."""
    server = Pod("x", "b", (("app", "b"),), node="n1")
    asked = [Connection(Outside("192.0.2.1", node), server, Protocol.TCP, 80) for node in ("n1", "n2")]
    assert [allows([policy_of(policy())], one).allowed for one in asked] == [True, False]


def test_the_verdict_names_the_policy_and_the_rule():
    """For whoever must explain it."""
    answer = verdict(policy(ingress=[{"ports": [{"port": 1}]}, {"ports": [{"port": 80}]}]), A, B)
    assert (answer.policy, answer.rule) == ("p", "ingress[1]")
    assert verdict(policy(), A, B).policy == "p"


HEAD = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: "
REJECTED = (
    "[",
    "kind: Pod\napiVersion: v1",
    HEAD + "{ingress: [{from: [{}]}]}",
    HEAD + "{podSelector: {matchLabels: {a: 1}}}",
    HEAD + "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.1/8}}]}]}",
    HEAD + "{ingress: [{ports: [{port: 9, endPort: 8}]}]}",
)


@pytest.mark.parametrize("text", REJECTED)
def test_what_kubernetes_would_reject_is_a_bad_policy(text):
    """With a sentence, and never another kind of error."""
    with pytest.raises(BadPolicy):
        read_policies(text)
