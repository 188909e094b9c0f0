"""Sets of ends as bits: a named port is each server's own, whichever end's policy names it."""

import pytest

from schemas.records import Protocol
from synthesizer.evaluator.model import Pod, PodPort
from synthesizer.evaluator.reach import bits_of, reach_of
from synthesizer.evaluator.reader import policy_of
from synthesizer.evaluator.space import space_of


def server(number):
    """A pod that calls this number `web`."""
    return Pod("x", f"s{number}", (("app", "s"),), ports=(PodPort("web", Protocol.TCP, number),))


def policy(app, **spec):
    meta = {"name": "p", "namespace": "x"}
    head = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta}
    return policy_of({**head, "spec": {"podSelector": {"matchLabels": {"app": app}}, **spec}})


@pytest.mark.parametrize(
    "named",
    [
        policy("s", ingress=[{"ports": [{"port": "web"}]}]),
        policy("c", policyTypes=["Egress"], egress=[{"ports": [{"port": "web"}]}]),
    ],
    ids=["ingress", "egress"],
)
def test_each_server_is_reached_on_the_number_it_declares(named):
    """Two pods of the same labels, selected by the same policies."""
    pods = {"client": (Pod("x", "c", (("app", "c"),)),), "s80": (server(80),), "s81": (server(81),)}
    space = space_of([named], pods, {})
    reach = reach_of([named], space)
    places = {one.known[0]: index for index, one in enumerate(space.ends) if one.known}
    spans = {span.first: index for index, span in enumerate(space.ports) if span.protocol == "TCP"}
    for port in (80, 81):
        reached = reach.of(places["client"], spans[port])
        assert [name for name in ("s80", "s81") if reached >> places[name] & 1] == [f"s{port}"]


def test_the_members_of_a_set_come_in_order():
    """And there are no more of them."""
    assert list(bits_of(0b1001_0001)) == [0, 4, 7]
    assert list(bits_of(0)) == []
