"""Who stood behind a Service at the moment of a connection, however late its batch is."""

import dataclasses

from cluster_objects import T0, controller, endpoints, facts, node, owner, pod, service

from schemas.records import Protocol, UnresolvedPeer
from streams.directory.directory import Directory
from streams.objects.addresses import packed

MINUTE = 60_000
API = service("api", "10.96.0.9", selector={"tier": "api"})


def replica(name, ip, of, lease, **body):
    """A pod of a Deployment behind the Service."""
    return pod(name, ip, labels={"tier": "api"}, owned_by=owner("StatefulSet", of), lease=lease, **body)


def reached(directory, at, address="10.96.0.9", port=80):
    """What a client reached, as (workload, port) or the peer that is none."""
    servers = directory.servers(packed(address), Protocol.TCP, port, (at, at))
    return [
        (server.end.peer.workload.name, server.port) if hasattr(server.end, "pod") else server.end.peer
        for server in servers
    ]


# blue   [T0 ----------- T0+10m)
# green            [T0+5m ------------------
# slices                          green
#           ^ blue   ^ both   ^ green
def test_a_service_leads_to_those_that_had_their_addresses_then():
    """The slices of now name only green; pods that have gone are found by the Service's labels."""
    blue = replica("blue-0", "10.1.0.5", "blue", (T0, T0 + 10 * MINUTE))
    green = replica("green-0", "10.1.0.6", "green", (T0 + 5 * MINUTE, 0))
    directory = Directory((facts(), API, blue, green, endpoints("api", [("10.1.0.6", "green-0")])))
    found = [reached(directory, T0 + minutes * MINUTE) for minutes in (2, 7, 15)]
    assert found == [[("blue", 8080)], [("green", 8080), ("blue", 8080)], [("green", 8080)]]


def test_an_address_that_has_passed_to_another_workload_is_not_that_one():
    """After a rollout an unrelated pod has the old pod's address; a late batch still means the old one."""
    old = replica("api-0", "10.1.0.5", "api", (T0, T0 + 10 * MINUTE))
    new = replica("api-1", "10.1.0.6", "api", (T0 + 9 * MINUTE, 0))
    heir = pod("heir", "10.1.0.5", lease=(T0 + 11 * MINUTE, 0))
    directory = Directory((facts(), API, old, new, heir, endpoints("api", [("10.1.0.6", "api-1")])))
    assert reached(directory, T0 + MINUTE) == [("api", 8080)]


def test_a_slice_that_lags_behind_does_not_lead_to_an_heir_of_the_address():
    """The slice still names the old pod by UID: the pod that has its address now is not behind the Service."""
    old = replica("api-0", "10.1.0.5", "api", (T0, T0 + 10 * MINUTE))
    heir = pod("heir", "10.1.0.5", lease=(T0 + 11 * MINUTE, 0))
    directory = Directory((facts(), API, old, heir, endpoints("api", [("10.1.0.5", "api-0")])))
    assert reached(directory, T0 + 15 * MINUTE) == [UnresolvedPeer("10.96.0.9", "no_endpoints")]


def test_before_any_of_its_pods_there_was_nobody():
    directory = Directory(
        (facts(), API, replica("api-0", "10.1.0.5", "api", (T0, 0)), endpoints("api", [("10.1.0.5", "api-0")]))
    )
    assert reached(directory, T0 - MINUTE) == [UnresolvedPeer("10.96.0.9", "no_endpoints")]


def test_pods_that_have_gone_are_told_on_the_port_that_they_declared():
    """A named target port is each pod's own, also where the slices have another number by now."""
    named = service("api", "10.96.0.9", ports=((80, "http"),), selector={"tier": "api"})
    old = replica("api-0", "10.1.0.5", "api", (T0, T0 + MINUTE), ports=(("http", 7070),))
    new = replica("api-1", "10.1.0.6", "api", (T0 + MINUTE, 0), ports=(("http", 9090),))
    slices = endpoints("api", [("10.1.0.6", "api-1")], ports=((80, 9090),))
    directory = Directory((facts(), named, old, new, slices))
    assert [reached(directory, T0 + at) for at in (5_000, 2 * MINUTE)] == [[("api", 7070)], [("api", 9090)]]


def test_a_service_that_was_deleted_is_still_known_for_what_it_was():
    """Its closed lease says until when."""
    gone = dataclasses.replace(API, created=T0, deleted=T0 + 10 * MINUTE)
    directory = Directory((facts(), gone, replica("api-0", "10.1.0.5", "api", (T0, 0))))
    found = [reached(directory, T0 + minutes * MINUTE) for minutes in (5, 15)]
    assert found == [[("api", 8080)], [UnresolvedPeer("10.96.0.9", "no_lease")]]


def test_a_cluster_address_belongs_to_the_service_that_had_it_then():
    """Services take each other's addresses too."""
    first = dataclasses.replace(service("first", "10.96.0.9"), created=T0, deleted=T0 + MINUTE)
    second = dataclasses.replace(service("second", "10.96.0.9"), created=T0 + 2 * MINUTE)
    pods = (pod("one", "10.1.0.1"), pod("two", "10.1.0.2"))
    slices = (endpoints("first", [("10.1.0.1", "one")]), endpoints("second", [("10.1.0.2", "two")]))
    directory = Directory((facts(), first, second, *pods, *slices))
    found = [reached(directory, T0 + at) for at in (30_000, 3 * MINUTE)]
    assert found == [[("one", 8080)], [("two", 8080)]]


def test_a_node_that_was_deleted_is_not_an_outsider():
    """The last connections of a node that is scaled away come after its deletion."""
    gone = dataclasses.replace(node("n9", "192.168.0.9"), created=T0, deleted=T0 + MINUTE)
    directory = Directory((facts(), gone))
    ends = [directory.end(packed("192.168.0.9"), T0 + at, T0 + at) for at in (30_000, 2 * MINUTE)]
    assert (ends[0].node, ends[1].peer) == ("n9", UnresolvedPeer("192.168.0.9", "no_lease"))


def test_a_service_with_one_workload_is_nobodys_doubt_however_often_its_pods_change():
    """Ten generations of one Deployment are one workload."""
    top = controller("StatefulSet", "api", {"tier": "api"})
    pods = [replica(f"api-{n}", f"10.1.0.{n}", "api", (T0 + n * MINUTE, T0 + (n + 2) * MINUTE)) for n in range(10)]
    directory = Directory((facts(), API, top, *pods))
    assert [reached(directory, T0 + n * MINUTE + 30_000) for n in range(1, 10)] == [[("api", 8080)]] * 9


def test_a_service_of_very_many_that_are_no_workload_tells_no_candidates():
    """A host-network DaemonSet of a large cluster: one connection would be an edge to every node."""
    nodes = [node(f"n{n}", f"192.168.{n // 200}.{n % 200}") for n in range(101)]
    found = []
    for count in (100, 101):
        slices = endpoints("api", [one.body.addresses[0] for one in nodes[:count]])
        directory = Directory((facts(), API, *nodes, slices))
        found.append(directory.servers(packed("10.96.0.9"), Protocol.TCP, 80, (T0, T0)))
    assert len(found[0]) == 100
    assert [server.end.peer for server in found[1]] == [UnresolvedPeer("10.96.0.9", "many_endpoints")]
