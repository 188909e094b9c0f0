"""All of a space at once says what the evaluator says of each connection; every pod and port has its place there."""

from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from random_policies import busy_policies, labels, outsides, pods, policies, selectors

from schemas.records import Protocol, labels_of
from synthesizer.evaluator import reach
from synthesizer.evaluator.classes import classes_of, met_by
from synthesizer.evaluator.decide import allows
from synthesizer.evaluator.model import Connection, Outside, Pod
from synthesizer.evaluator.reader import policy_of
from synthesizer.evaluator.space import space_of

some_policies = st.lists(st.one_of(busy_policies, policies), min_size=1, max_size=3).map(
    lambda found: tuple(map(policy_of, found))
)
some_pods = st.lists(pods, min_size=2, max_size=4)
some_selectors = st.lists(selectors, max_size=4)


def read_selectors(found):
    """Selectors as the evaluator has them."""
    head = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"}}
    return tuple(policy_of({**head, "spec": {"podSelector": one}}).pods for one in found)


@given(some_selectors, labels)
def test_whatever_labels_a_pod_has_their_class_is_there(found, mapping):
    """And the example of each class meets the selectors of that class, no others."""
    chosen = read_selectors(found)
    classes = classes_of(chosen)
    assert met_by(labels_of(mapping), chosen) in classes.examples
    assert all(met_by(example, chosen) == met for met, example in classes.examples.items())
    assert classes.complete


@settings(deadline=None, max_examples=150)
@given(some_policies, some_pods, st.lists(outsides, max_size=3), st.sampled_from([0, 64]))
def test_every_connection_of_a_space_is_judged_as_one_by_one(given_policies, known, addresses, few):
    """For each two ends, the first and the last port of each span."""
    named = {f"pod-{index}": (replace(pod, name=f"pod-{index}", node=""),) for index, pod in enumerate(known)}
    space = space_of(given_policies, named, {})
    with patch.object(reach, "_FEW", few):
        found = reach.reach_of(given_policies, space)
    ends = [*(each[0] for each in named.values()), *(Outside(one.address) for one in addresses)]
    for client in ends:
        for server in ends:
            if client is server or not (isinstance(client, Pod) or isinstance(server, Pod)):
                continue
            for index, span in enumerate(space.ports):
                told = found.of(place_of(space, client), index) >> place_of(space, server) & 1
                for port in (span.first, span.last):
                    asked = Connection(client, server, Protocol(span.protocol), port)
                    assert bool(told) == allows(given_policies, asked).allowed, asked


@given(some_policies)
def test_ports_and_addresses_are_all_there_and_once(given_policies):
    """Spans of a protocol follow one another; an address is in one class."""
    space = space_of(given_policies, {}, {})
    for protocol in Protocol:
        spans = [span for span in space.ports if span.protocol == protocol.value]
        assert (spans[0].first, spans[-1].last) == (1, 65_535)
        assert all(one.last + 1 == following.first for one, following in pairwise(spans))
    for text in ("0.0.0.1", "255.255.255.255", "10.0.0.3", "10.0.0.4", "10.0.0.8", "::", "2001:db8:1::", "2001:db9::"):
        assert sum(is_in(one, text) for one in space.ends) == 1


def is_in(one, text):
    """Whether a class of ends has the address."""
    address, found = ip_address(text), one.addresses
    return found is not None and address in found.inside and not any(address in block for block in found.outside)


def place_of(space, end):
    """The one class of the end."""
    (index,) = (
        index
        for index, one in enumerate(space.ends)
        if (end.name in one.known if isinstance(end, Pod) else is_in(one, end.address))
    )
    return index
