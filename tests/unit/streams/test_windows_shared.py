"""A Service that stands for several workloads: the server's own end decides which of them was reached."""

from itertools import permutations

import pytest
from cluster_objects import T0, batch, connection, endpoints, facts, pod, service
from enriching import record_of

from schemas.records import Role
from streams.directory.directory import Directory
from streams.windows.window import Windows, WindowSpec

SPEC = WindowSpec(10_000, lateness=5_000, retention=20_000)
DIRECTORY = Directory(
    (
        facts(),
        pod("client", "10.1.0.1", node="n1"),
        pod("blue", "10.1.0.2", node="n2"),
        pod("green", "10.1.0.3", node="n3"),
        service("api", "10.96.0.9"),
        endpoints("api", [("10.1.0.2", "blue"), ("10.1.0.3", "green")]),
    )
)
CALL = batch(connection("10.1.0.1", "10.96.0.9", 80, count=7, at=T0 + 1_000))
BLUE = batch(connection("10.1.0.2", "10.1.0.1", 8080, Role.SERVER, count=4, at=T0 + 1_000), source="n2")
GREEN = batch(connection("10.1.0.3", "10.1.0.1", 8080, Role.SERVER, count=3, at=T0 + 1_000), source="n3")
DIRECT = batch(connection("10.1.0.1", "10.1.0.3", 8080, count=2, at=T0 + 2_000), sequence=1)


def emitted(batches, restart_after=None):
    made, told = Windows("test", SPEC), []
    for number, one in enumerate(batches):
        made.apply(record_of(DIRECTORY, one))
        told += made.changed()
        if number == restart_after:
            made = Windows("test", SPEC)
            made.restore(told)
    return {window.workload.name: window for window in sorted(told, key=lambda window: window.revision)}


def edges_of(window):
    return [(edge.peer.workload.name, edge.count, edge.shared) for edge in window.edges]


def test_where_nobody_knows_all_stay_and_are_marked():
    found = emitted([CALL])
    assert edges_of(found["client"]) == [("blue", 7, True), ("green", 7, True)]
    assert edges_of(found["blue"]) == edges_of(found["green"]) == [("client", 7, True)]


@pytest.mark.parametrize("batches", tuple(permutations((CALL, BLUE))))
def test_a_servers_observation_decides(batches):
    """The others are no edges of the client; what the client told is kept beside them."""
    found = emitted(batches)
    assert edges_of(found["client"]) == [("blue", 4, False)]
    assert [edge.peer.workload.name for edge in found["client"].explained] == ["green"]
    assert edges_of(found["green"]) == [("client", 7, True)]


@pytest.mark.parametrize("batches", tuple(permutations((CALL, BLUE, GREEN))))
def test_each_server_counts_its_own(batches):
    """The client's count is of the Service and stands for none of them alone."""
    found = emitted(batches)
    assert edges_of(found["client"]) == [("blue", 4, False), ("green", 3, False)]
    assert [edge.shared_count for edge in found["client"].edges] == [7, 7]


@pytest.mark.parametrize("batches", [(CALL, DIRECT), (CALL, DIRECT, BLUE)])
def test_a_server_reached_by_its_own_address_needs_no_decision(batches):
    found = {name: (count, shared) for name, count, shared in edges_of(emitted(batches)["client"])}
    assert found["green"] == (2, False)


@pytest.mark.parametrize("restart_after", range(3))
@pytest.mark.parametrize("batches", tuple(permutations((CALL, BLUE, GREEN))))
def test_a_restart_in_between_changes_nothing(batches, restart_after):
    calm, disturbed = emitted(batches), emitted(batches, restart_after)
    assert {name: window.edges for name, window in disturbed.items()} == {
        name: window.edges for name, window in calm.items()
    }
