"""Windows folded into evidence, drawn.

start, hours   0 . . . . 1 . . . . 2
may change                |---------|   one hour behind the newest
"""

from dataclasses import replace

import pytest
from small_worlds import WINDOW_MS, window, workload

from schemas.records import Edge, ExternalPeer, Protocol, Role, Workload, WorkloadPeer
from synthesizer.check import problem_of
from synthesizer.coverage import coverage_of
from synthesizer.evidence import established_edges, fold, fold_all

SUBJECT, PEER = workload("shop", 0), workload("shop", 2)
HOUR = 3_600_000


def seen(start, count=1, peer=PEER):
    """One edge in the window at `start`."""
    edge = Edge(Role.SERVER, WorkloadPeer(peer), Protocol.TCP, 80, 0, count, 0, 0, start, start + 1)
    return window(SUBJECT, start, [edge] if count else [replace(edge, attempts=1)])


def folded(*windows):
    evidence = None
    for one in windows:
        evidence = fold(evidence, one)
    return evidence


def only_edge(evidence):
    (edge,) = evidence.edges.values()
    return edge


def test_a_later_revision_replaces_the_earlier_one():
    """The larger count of a window stands.

    0       w0 count 2
    0       w0 count 5   the same window again, grown    -> 5, in one window
    """
    edge = only_edge(folded(seen(0, 2), seen(0, 5), seen(0, 2)))
    assert (edge.total_count, edge.total_windows) == (5, 1)


def test_old_windows_become_totals_and_are_not_counted_twice():
    """A repetition is told by its age.

    0 . . . . 1 . . . . 2
    w0                  w24      w0 can change no more
    w0 again                     -> still counted once
    """
    evidence = folded(seen(0, 2), seen(2 * HOUR, 3), seen(0, 2))
    edge = only_edge(evidence)
    assert (edge.count, edge.windows, edge.total_count, edge.total_windows) == (2, 1, 5, 2)
    assert (evidence.windows, evidence.windows + len(evidence.recent_windows)) == (1, 2)


def test_an_edge_known_only_from_a_window_that_came_too_late_is_still_evidence():
    """It is counted once.

    0 . . . . 1 . . . . 2
                        w24      first
    w0                           then, with an edge that nothing else shows
    """
    other = workload("bank", 0)
    evidence = folded(seen(2 * HOUR), seen(0, 1, other), seen(0, 1, other))
    late = next(edge for edge in evidence.edges.values() if edge.peer.workload.ref == other.ref)
    assert late.established
    assert (late.count, late.windows) == (1, 1)


def test_attempts_alone_are_no_evidence():
    """They are kept, and no rule follows from them."""
    evidence = folded(seen(0, 0))
    assert only_edge(evidence).attempts == 1
    assert established_edges(evidence) == ()


def only_open(start):
    """The same edge in the window at `start`, in which nothing new began on it."""
    edge = Edge(
        Role.SERVER, WorkloadPeer(PEER), Protocol.TCP, 80, 0, 0, 0, 0, start, start + 1, still_open=(Role.SERVER,)
    )
    return window(SUBJECT, start, [edge])


def test_an_edge_that_was_only_open_is_evidence_in_each_of_its_windows():
    """It counts no connection and every window, also once they are settled or come too late."""
    recent = folded(only_open(0), only_open(HOUR // 2))
    late = folded(seen(3 * HOUR, 0), only_open(0))
    for evidence, windows in ((recent, 2), (folded(only_open(0), seen(2 * HOUR, 3)), 2), (late, 1)):
        (edge,) = established_edges(evidence)
        assert (edge.established, edge.total_windows, edge.seen_by_server) == (True, windows, True)
    assert only_edge(recent).total_count == 0
    assert coverage_of(recent).sentence.startswith("every edge was seen in more than one")


def test_a_peers_newest_labels_stand_for_all_of_its_edges():
    """Also where the old labels were seen on another port, in whatever order the windows come."""
    renamed = Workload(PEER.namespace, PEER.kind, PEER.name, (("app", "new"),))
    one, two = seen(0), seen(WINDOW_MS, 1, renamed)
    two = replace(two, edges=(replace(two.edges[0], port=81),))
    for order in ((one, two), (two, one)):
        peers = {edge.peer.workload.selector for edge in established_edges(folded(*order))}
        assert peers == {(("app", "new"),)}


def test_coverage_says_how_many_windows_may_show_something_new():
    """One edge in all of 50 windows, another in one of them."""
    windows = [seen(index * WINDOW_MS) for index in range(50)]
    windows.append(seen(7 * WINDOW_MS, 1, workload("bank", 0)))
    coverage = coverage_of(fold_all(windows)[SUBJECT.ref])
    assert (coverage.windows, coverage.sightings, coverage.edges_seen_once) == (50, 51, 1)
    assert coverage.new_edge_probability == 1 / 51
    assert coverage.sentence == "about 1 in 50 windows may still show an edge not yet seen"


def test_coverage_does_not_call_a_few_windows_enough():
    """Nothing was seen only once, in five windows: the estimate is 0, and the bound says how little that means."""
    coverage = coverage_of(fold_all([seen(index * WINDOW_MS) for index in range(5)])[SUBJECT.ref])
    assert (coverage.new_edge_probability, coverage.unseen_share) == (0.0, 0.6)
    assert coverage.sentence == (
        "every edge was seen in more than one of 5 windows; "
        "one that occurs in fewer than 60% of windows may still be unseen"
    )


@pytest.mark.parametrize("doubt", [{"shared": True}, {"hidden_client": True}])
def test_what_another_end_may_yet_explain_counts_only_in_a_final_window(doubt):
    """Evidence never forgets, so it waits until the other end has had its time.

    0       w0 early        w0 final
    """
    edge = Edge(Role.SERVER, WorkloadPeer(PEER), Protocol.TCP, 80, 0, 1, 0, 0, 0, 1, **doubt)
    final = window(SUBJECT, 0, [edge], revision=2)
    assert not folded(replace(final, revision=1, final=False)).edges
    assert only_edge(folded(final)).total_count == 1


@pytest.mark.parametrize(
    "peer", [ExternalPeer("203.0.113.7", 33), ExternalPeer("203.0.113.7", -1), ExternalPeer("x", 8)]
)
def test_a_window_whose_prefix_is_none_cannot_be_used(peer):
    edge = Edge(Role.SERVER, peer, Protocol.TCP, 80, 0, 1, 0, 0, 0, 1)
    assert problem_of(window(SUBJECT, 0, [edge]))
    assert not problem_of(window(SUBJECT, 0, [replace(edge, peer=ExternalPeer("203.0.113.7", 24))]))
