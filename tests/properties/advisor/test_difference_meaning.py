"""A difference is one of meaning: none between two ways to write the same, and none that is not told."""

import json
import random
from dataclasses import replace
from ipaddress import ip_address
from unittest.mock import patch

import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_policies import busy_policies, connections, policies

from advisor.policies.difference import compare
from advisor.policies.files import stored_of, unique
from advisor.policies.model import PolicySet
from advisor.policies.observed import Observations
from advisor.policies.world import World
from schemas.records import Protocol, Workload, WorkloadRef
from synthesizer.evaluator import reach
from synthesizer.evaluator.decide import allows
from synthesizer.evaluator.model import Connection, Outside, Pod
from synthesizer.evaluator.reader import documents_of

sets = st.lists(
    st.one_of(busy_policies, policies),
    max_size=3,
    unique_by=lambda one: (one["metadata"]["namespace"], one["metadata"]["name"]),
)
EMPTY = World()


def read(documents):
    """The documents as a source, through their YAML."""
    text = "\n---\n".join(map(json.dumps, documents))
    return PolicySet("some", unique(stored_of(one, where) for where, one in documents_of(text)))


def rewritten(value, chance):
    """The same with the members of mappings and lists in another order, and empty and missing parts exchanged."""
    if isinstance(value, dict):
        items = [(key, rewritten(inner, chance)) for key, inner in value.items()]
        chance.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        items = [rewritten(one, chance) for one in value]
        chance.shuffle(items)
        return items
    return value


def with_defaults(document, chance):
    """The same with what Kubernetes takes for granted written down, or empty parts left out or put in."""
    spec = dict(document["spec"])
    egress = ["Egress"] if spec.get("egress") else []
    if "policyTypes" not in spec and chance.random() < 0.5:
        spec["policyTypes"] = ["Ingress", *egress]
    for way in ("ingress", "egress"):
        if not spec.get(way):
            spec.pop(way, None)
            if chance.random() < 0.5:
                spec[way] = chance.choice([[], None])
    rules = [rule for way in ("ingress", "egress") for rule in spec.get(way) or []]
    for rule in rules:
        for port in rule.get("ports") or []:
            port.setdefault("protocol", "TCP")
    return {**document, "spec": spec}


def split(document, chance):
    """The same with each rule's peers, or each of its ports, in a rule of their own."""
    spec = dict(document["spec"])
    for way, peers in (("ingress", "from"), ("egress", "to")):
        rules = []
        for rule in spec.get(way) or []:
            part = chance.choice([peers, "ports"])
            rules += [{**rule, part: [one]} for one in rule[part]] if rule.get(part) else [rule]
        if way in spec:
            spec[way] = rules
    return {**document, "spec": spec}


@settings(deadline=None, max_examples=200)
@given(sets, st.randoms(use_true_random=False))
def test_a_policy_and_the_same_written_otherwise_do_not_differ(documents, chance):
    """Reordered, split up, with defaults written down: the same meaning."""
    copy = yaml.safe_load(yaml.safe_dump(documents))
    other = [rewritten(split(with_defaults(one, chance), chance), chance) for one in copy]
    chance.shuffle(other)
    found = compare(read(documents), read(other), Observations(), EMPTY)
    assert found.same, (documents, other)
    assert found.space.complete


@settings(deadline=None, max_examples=400)
@given(sets, sets, connections, st.sampled_from([0, 2, 64]))
def test_a_connection_that_one_alone_allows_is_told(one, other, connection, few):
    """Whatever pod, address and port somebody thinks of, if its namespace has no labels that nobody knows."""
    client, server = connection.client, connection.server
    assume(isinstance(client, Pod) or isinstance(server, Pod))
    asked = replace(connection, client=_elsewhere(client, "client"), server=_elsewhere(server, "server"))
    first, second = read(one), read(other)
    answers = [allows(each.policies, asked).allowed for each in (first, second)]
    pods = {end.name: (end,) for end in (asked.client, asked.server) if isinstance(end, Pod)}
    with patch.object(reach, "_FEW", few):  # however many clients are kept one by one
        found = compare(first, second, Observations(), _world(pods))
    for answer, opposite, allowed in zip(answers, answers[::-1], (found.first, found.second), strict=True):
        told = any(_is_of(asked, block, found.space) for block in allowed)
        assert told == (answer and not opposite)


@settings(deadline=None, max_examples=200)
@given(sets, sets)
def test_what_is_told_is_so(one, other):
    """For one connection of each block."""
    first, second = read(one), read(other)
    found = compare(first, second, Observations(), EMPTY)
    for allowed, yes, no in ((found.first, first, second), (found.second, second, first)):
        for block in allowed:
            client = found.space.ends[min(block.clients)].end
            server = found.space.ends[max(block.servers)].end
            span = found.space.ports[random.Random(7).choice(block.spans)]  # noqa: S311
            asked = Connection(_elsewhere(client, "c"), _elsewhere(server, "s"), Protocol(span.protocol), span.last)
            assert allows(yes.policies, asked, found.space.namespaces).allowed
            assert not allows(no.policies, asked, found.space.namespaces).allowed


def _elsewhere(end, name):
    """The end under another name, on no node: so that it is neither the peer itself nor its node."""
    return replace(end, name=name, node="") if isinstance(end, Pod) else Outside(end.address)


def _world(pods):

    refs = {WorkloadRef(found[0].namespace, "Pod", name): found for name, found in pods.items()}
    return World(refs, {}, {ref: Workload(ref.namespace, ref.kind, ref.name) for ref in refs})


def _is_of(asked, block, space):
    spans = [space.ports[index] for index in block.spans]
    on_port = any(span.protocol == asked.protocol.value and span.first <= asked.port <= span.last for span in spans)
    return on_port and _is_in(asked.client, block.clients, space) and _is_in(asked.server, block.servers, space)


def _is_in(end, chosen, space):

    for index in chosen:
        one = space.ends[index]
        if isinstance(end, Pod):
            if any(name.endswith(f"/{end.name}") for name in one.known):
                return True
        elif one.addresses is not None:
            address = ip_address(end.address)
            outside = any(address in block for block in one.addresses.outside)
            if address in one.addresses.inside and not outside:
                return True
    return False
