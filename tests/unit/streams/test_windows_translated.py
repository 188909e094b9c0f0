"""A server's end that saw a node's address, and the client's end that tells who it was (A14, C26)."""

import pytest
from cluster_objects import T0, batch, connection, facts, node, pod
from enriching import alone, record_of

from schemas.records import NodePeer, Role, WorkloadPeer
from streams.directory.directory import Directory
from streams.windows.window import Windows, WindowSpec

SPEC = WindowSpec(10_000, lateness=5_000, retention=20_000)
DIRECTORY = Directory(
    (
        facts(),
        node("n1", "192.168.0.1"),
        node("n2", "192.168.0.2"),
        pod("client", "10.1.0.1", node="n1"),
        pod("server", "10.1.0.2", node="n2"),
    )
)


def told(count, at=3, source="n1", sequence=0):
    """The client's end on n1."""
    seen = connection("10.1.0.1", "10.1.0.2", 8080, count=count, at=T0 + at * 1_000)
    return batch(seen, source=source, sequence=sequence, end=T0 + at * 1_000 + 1_000)


def seen(count, address="192.168.0.1", at=3, sequence=0):
    """The server's end on n2."""
    accepted = connection("10.1.0.2", address, 8080, Role.SERVER, count=count, at=T0 + at * 1_000)
    return batch(accepted, source="n2", sequence=sequence, end=T0 + at * 1_000 + 1_000)


def windows(*batches):
    made = Windows("test", SPEC)
    for one in batches:
        made.apply(record_of(DIRECTORY, one))
    return made


def server_of(emitted, start=T0):
    (found,) = (one for one in emitted if one.workload.name == "server" and one.start == start)
    return found


def peers_of(window):
    return [
        (edge.peer.node if isinstance(edge.peer, NodePeer) else edge.peer.workload.name, edge.count, edge.hidden_client)
        for edge in window.edges
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_a14_no_node_remains_if_a_client_on_it_explains_its_count(order):
    """Whichever end is heard first; what was seen is kept beside the edges."""
    window = server_of(windows(*(told(7), seen(7))[::order]).changed())
    assert peers_of(window) == [("client", 7, False)]
    assert [(edge.peer.address, edge.server_count) for edge in window.explained] == [("192.168.0.1", 7)]


def test_a_node_that_nobody_explains_stays_as_a_hidden_client():
    window = server_of(windows(seen(7)).changed())
    assert peers_of(window) == [("n1", 7, True)]


def test_more_than_the_clients_on_the_node_told_of_is_hidden():
    window = server_of(windows(told(6), seen(7)).changed())
    assert peers_of(window) == [("n1", 7, True), ("client", 6, False)]


def test_a_client_whose_address_was_seen_explains_no_node():
    """All its connections came under its own address: the node's are somebody else's."""
    window = server_of(windows(told(7), seen(7, "10.1.0.1"), seen(7, sequence=1)).changed())
    assert peers_of(window) == [("n1", 7, True), ("client", 7, False)]


def test_a_client_explains_no_more_than_the_server_missed_of_it():
    """Five of seven came under its own address, so two at most came under the node's."""
    window = server_of(windows(told(7), seen(5, "10.1.0.1"), seen(7, sequence=1)).changed())
    assert peers_of(window) == [("n1", 7, True), ("client", 7, False)]


def test_a_client_on_another_node_explains_nothing():
    window = server_of(windows(told(7, source="n3"), seen(7)).changed())
    assert peers_of(window) == [("n1", 7, True), ("client", 7, False)]


def test_c28_the_own_node_is_no_hidden_client():
    """Kubelet probes."""
    window = server_of(windows(seen(7, "192.168.0.2")).changed())
    assert peers_of(window) == [("n2", 7, False)]


def test_a_node_whose_own_socket_was_seen_hides_nobody():
    """A host-network client: its node told of it."""
    host = connection("192.168.0.1", "10.1.0.2", 8080, count=7, at=T0 + 3_000)
    window = server_of(windows(seen(7), batch(host, source="n1", end=T0 + 4_000)).changed())
    assert peers_of(window) == [("n1", 7, False)]


# T0      +10       +20
# |-----seen|told----|
def test_a_client_that_counts_one_window_later_explains_the_window_before():
    """The window before is told again, without the node."""
    made = windows(seen(7, at=9))
    assert peers_of(server_of(made.changed())) == [("n1", 7, True)]
    made.apply(record_of(DIRECTORY, told(7, at=10)))
    assert peers_of(server_of(made.changed())) == []


def test_a_connection_that_is_only_open_is_explained_by_one_that_is():
    window = server_of(windows(told(0), seen(0)).changed())
    assert [edge.peer for edge in window.edges] == [WorkloadPeer(edge.peer.workload) for edge in window.edges]


def test_a_restart_in_between_changes_nothing():
    """The emitted window holds all that the join needs."""
    calm = windows(told(7), seen(7))
    before = windows(told(7))
    after = Windows("test", SPEC)
    after.restore(before.changed(), [alone(told(7), DIRECTORY).source])
    after.apply(record_of(DIRECTORY, seen(7)))
    assert peers_of(server_of(after.changed())) == peers_of(server_of(calm.changed())) == [("client", 7, False)]
