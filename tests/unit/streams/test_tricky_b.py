"""Section B of the tricky cases: direction and protocol, as far as edges tell them."""

import dataclasses

import pytest
from cluster_objects import batch, connection, endpoints, facts, pod, service
from enriching import alone, edges, enriched, observations

from schemas.records import Basis, Protocol, Role, ServiceRef
from streams.directory.directory import Directory

CLIENT = pod("client", "10.1.0.1")
SERVER = pod("server", "10.1.0.2")
API = (CLIENT, SERVER, service("api", "10.96.0.9"), endpoints("api", [("10.1.0.2", "server")]))


def ends(objects, *connections):
    """The observations as (subject, role code, peer, port)."""
    return [(name, role, peer.workload.name, port) for name, role, peer, port in edges(objects, *connections)]


def test_b17_the_role_is_the_sockets_and_an_unknown_one_stays_unknown():
    """A reply that looks like a new flow to a high port: nobody guesses who was the server."""
    seen = ends((CLIENT, SERVER), connection("10.1.0.2", "10.1.0.1", 36_936, Role.UNKNOWN))
    assert seen == [("client", 2, "server", 36_936), ("server", 2, "client", 36_936)]


@pytest.mark.parametrize("port", [1_366, 5_601, 27_017, 50_051])
def test_b18_no_port_is_too_high_for_a_server(port):
    """Both ends tell the same edge, whatever the port."""
    by_client = ends((CLIENT, SERVER), connection("10.1.0.1", "10.1.0.2", port))
    by_server = ends((CLIENT, SERVER), connection("10.1.0.2", "10.1.0.1", port, Role.SERVER))
    assert by_client == by_server == [("client", 0, "server", port), ("server", 1, "client", port)]


def test_b19_a_mesh_of_equals_is_told_in_both_directions():
    """Two replicas gossip, 9094 to 9094: the workload is client and server of itself."""
    twins = tuple(
        pod(name, ip, owned_by=None, labels={"app": "a"}) for name, ip in (("a-0", "10.1.0.1"), ("a-1", "10.1.0.2"))
    )
    there = connection("10.1.0.1", "10.1.0.2", 9094, protocol=Protocol.UDP)
    back = connection("10.1.0.2", "10.1.0.1", 9094, protocol=Protocol.UDP)
    seen = set(ends(twins, there, back))
    assert {(a, role, b, 9094) for a, b in (("a-0", "a-1"), ("a-1", "a-0")) for role in (0, 1)} == seen


def test_b20_before_and_after_translation_it_is_one_edge():
    """The client saw the Service, the server saw the pod: the same subjects, roles, peers and ports."""
    by_client = ends(API, connection("10.1.0.1", "10.96.0.9", 80))
    by_server = ends(API, connection("10.1.0.2", "10.1.0.1", 8080, Role.SERVER))
    assert by_client == by_server


def test_b20_a_service_address_as_local_end_is_nobodys():
    """It is on no interface of a pod; what claims it is counted, not guessed."""
    seen = enriched(API, connection("10.96.0.9", "10.1.0.1", 80, Role.SERVER))
    assert (seen.source.unresolved, seen.used) == ((("service_address", 1),), 0)


def test_b21_a_pure_server_has_no_edge_as_a_client():
    """Replies need no rule."""
    seen = ends((CLIENT, SERVER), connection("10.1.0.2", "10.1.0.1", 8080, Role.SERVER))
    assert [role for name, role, _, _ in seen if name == "server"] == [1]


def test_b22_datagrams_without_connect_are_edges_like_others():
    """A resolver that only sends: who sent first decides, and the server's port is the edge's."""
    dns = service("dns", "10.96.0.10", ports=((53, "5353", Protocol.UDP),))
    slices = endpoints("dns", [("10.1.0.2", "server")], ports=((53, 5353, Protocol.UDP),))
    sent = connection("10.1.0.1", "10.96.0.10", 53, protocol=Protocol.UDP, basis=Basis.FIRST_SENDER)
    assert ("client", 0, "server", 5353) in ends((CLIENT, SERVER, dns, slices), sent)


def test_b23_sctp_is_told_apart_from_tcp_on_the_same_port():
    """A Service may have one number for several protocols."""
    both = service("gw", "10.96.0.9", ports=((80, "8080"), (81, "8181", Protocol.SCTP)))
    slices = endpoints("gw", [("10.1.0.2", "server")], ports=((80, 8080), (81, 8181, Protocol.SCTP)))
    seen = enriched((CLIENT, SERVER, both, slices), connection("10.1.0.1", "10.96.0.9", 81, protocol=Protocol.SCTP))
    assert {(one.link.service, one.link.port, one.protocol) for one in observations(seen)} == {
        (ServiceRef("demo", "gw", 81), 8181, 2)
    }


def test_b24_what_is_no_protocol_of_a_policy_never_becomes_an_edge():
    """ICMP has no code in a batch; a batch with a code that is none is refused as a whole."""
    good = batch(connection("10.1.0.1", "10.1.0.2", 80))
    bad = dataclasses.replace(good, connections=dataclasses.replace(good.connections, protocols=bytes([3])))
    with pytest.raises(IndexError):
        alone(bad, Directory((facts(), CLIENT, SERVER)))


def test_b25_an_attempt_is_told_but_never_as_established():
    seen = observations(enriched(API, connection("10.1.0.1", "10.96.0.9", 80, established=False)))
    assert [one.established for one in seen] == [0, 0]
