"""What a new revision of a window adds to what has been printed."""

from dataclasses import replace

import pytest

from advisor.monitor.differences import Differences
from schemas.records import Edge, ExternalPeer, Protocol, Role, Workload, WorkloadWindow


def edge(port=80, client=0, server=0, attempts=0, still_open=()):
    return Edge(
        Role.SERVER, ExternalPeer("203.0.113.7"), Protocol.TCP, port, client, server, 0, attempts, 1_000, 2_000,
        still_open=still_open,
    )  # fmt: skip


def window(*edges, start=0, name="web", revision=1):
    workload = Workload("demo", "Deployment", name, (("app", name),))
    return WorkloadWindow(
        "c", workload, start, start + 10_000, revision, final=False, complete=True, incomplete_because=(), sources=(),
        edges=edges,
    )  # fmt: skip


@pytest.fixture
def differences():
    return Differences()


def counts(lines):
    return [(line.edge.port, line.edge.count, line.edge.attempts) for line in lines]


def test_the_first_revision_is_printed_whole(differences):
    """Every edge is new."""
    assert counts(differences.of(window(edge(80, server=2), edge(81, client=1)))) == [(80, 2, 0), (81, 1, 0)]


def test_a_revision_adds_only_its_growth(differences):
    """New edges whole, known ones by what they grew.

    revision 1   80: 2
    revision 2   80: 5   81: 1
    printed      80: 3   81: 1
    """
    differences.of(window(edge(80, server=2)))
    assert counts(differences.of(window(edge(80, server=5), edge(81, server=1), revision=2))) == [
        (80, 3, 0),
        (81, 1, 0),
    ]


def test_a_repeated_revision_adds_nothing(differences):
    """Kafka may deliver twice; a restarted worker may go back a little."""
    differences.of(window(edge(80, server=5)))
    assert differences.of(window(edge(80, server=5))) == ()
    assert differences.of(window(edge(80, server=3))) == ()
    assert counts(differences.of(window(edge(80, server=6)))) == [(80, 1, 0)]


def test_the_other_end_of_the_same_connections_adds_nothing(differences):
    """Both ends saw the same ones: the larger count stands."""
    differences.of(window(edge(80, server=5)))
    assert differences.of(window(edge(80, server=5, client=5))) == ()
    (line,) = differences.of(window(edge(80, server=5, client=7)))
    assert (line.edge.client_count, line.edge.server_count) == (2, 2)


def test_attempts_grow_apart_from_connections(differences):
    """An attempt is printed as one."""
    assert counts(differences.of(window(edge(80, attempts=1)))) == [(80, 0, 1)]
    assert counts(differences.of(window(edge(80, attempts=3, server=1)))) == [(80, 1, 2)]


def test_an_edge_that_is_only_open_is_printed_once_as_a_count_of_none(differences):
    """It is established; further sightings of it say nothing new, its first new connection does."""
    quiet = edge(80, still_open=(Role.SERVER,))
    (line,) = differences.of(window(quiet))
    assert (line.edge.established, line.edge.count, line.edge.seen_by) == (True, 0, (Role.SERVER,))
    assert differences.of(window(replace(quiet, last_seen=9_000))) == ()
    (line,) = differences.of(window(edge(80, client=2, still_open=(Role.SERVER,))))
    assert (line.edge.count, line.edge.seen_by) == (2, (Role.CLIENT, Role.SERVER))


def test_attempts_beside_an_open_edge_print_only_the_attempts(differences):
    """That it is open has been printed."""
    differences.of(window(edge(80, still_open=(Role.SERVER,))))
    (line,) = differences.of(window(edge(80, attempts=1, still_open=(Role.SERVER,))))
    assert (line.edge.established, line.edge.attempts) == (False, 1)


def test_windows_and_workloads_are_kept_apart(differences):
    """The same edge in the next window, or of another workload, is new there."""
    differences.of(window(edge(80, server=2)))
    assert counts(differences.of(window(edge(80, server=2), start=10_000))) == [(80, 2, 0)]
    assert counts(differences.of(window(edge(80, server=2), name="api"))) == [(80, 2, 0)]


def test_windows_older_than_are_remembered_are_counted_not_printed():
    """Better a count too few, and said so, than the same connections twice."""
    differences = Differences(kept_windows=2)
    for start in (0, 10_000, 20_000):
        differences.of(window(edge(80, server=1), start=start))
    assert differences.of(window(edge(80, server=2), start=0)) == ()
    assert differences.forgotten == 1
    assert counts(differences.of(window(edge(80, server=2), start=10_000))) == [(80, 1, 0)]


def test_the_line_is_the_edge_with_its_times_and_services(differences):
    """Only the counts are differences."""
    seen = replace(edge(80, server=2), first_seen=7, last_seen=9)
    (line,) = differences.of(window(seen))
    assert line.edge == seen
