"""Event-time windows, one behaviour each. W is 10 s, lateness 5 s, retention 20 s."""

import pytest
from cluster_objects import T0, batch, connection, facts, pod
from enriching import record_of

from schemas.records import Role
from streams.directory.directory import Directory
from streams.windows.window import Windows, WindowSpec

SPEC = WindowSpec(10_000, lateness=5_000, retention=20_000)
DIRECTORY = Directory((facts(), pod("web", "10.1.0.1")))


def edges(sequence, at=None, end=None, source="n1", losses=()):
    """A batch of one connection at T0 + `at` seconds (none without), whose interval ends at T0 + `end` seconds."""
    end = (at if end is None else end) * 1_000 + T0
    seen = [] if at is None else [connection("10.1.0.1", "203.0.113.1", 443, at=T0 + at * 1_000)]
    made = batch(*seen, sequence=sequence, end=end, source=source, losses=losses)
    return record_of(DIRECTORY, made)


def labelled(at, app):
    """A batch of one connection at T0 + `at` seconds, when the pod's label was this."""
    made = batch(connection("10.1.0.1", "203.0.113.1", 443, at=T0 + at * 1_000), source=f"n{at}")
    return record_of(Directory((facts(), pod("web", "10.1.0.1", labels={"app": app}))), made)


def windows(*records):
    made = Windows("test", SPEC)
    for record in records:
        made.apply(record)
    return made


# T0      +10       +20
# |--1-----|---2-----|
def test_an_edge_makes_its_window_known_at_once():
    """The first sighting is emitted before the window is over."""
    (one,) = windows(edges(0, at=3)).changed()
    assert (one.start, one.end, one.revision, one.final) == (T0, T0 + 10_000, 1, False)


def test_nothing_new_is_nothing_emitted():
    made = windows(edges(0, at=3))
    made.changed()
    assert made.changed() == ()


# T0      +10  +15
# |--1-----|    ^ watermark +10: final
def test_a_window_is_final_when_event_time_has_passed_it_by_the_lateness():
    made = windows(edges(0, at=3))
    made.changed()
    made.apply(edges(1, end=14))
    assert made.changed() == ()
    made.apply(edges(2, end=15))
    (one,) = made.changed()
    assert (one.revision, one.final) == (2, True)


# T0      +10       +20
# |--1-----|         ^ final; then n2 tells of +4
def test_a_late_edge_makes_a_newer_revision_that_stays_final():
    made = windows(edges(0, at=3), edges(1, end=20))
    made.changed()
    made.apply(edges(0, at=4, end=9, source="n2"))
    (one,) = made.changed()
    assert (one.revision, one.final, one.edges[0].client_count) == (2, True, 2)


def test_a_repetition_is_not_counted():
    made = windows(edges(0, at=3), edges(0, at=3), edges(1, at=4), edges(0, at=3))
    assert made.changed()[0].edges[0].client_count == 2


def test_a_repetition_is_not_counted_after_a_restart():
    before = windows(edges(0, at=3)).changed()
    made = windows()
    made.restore(before)
    made.apply(edges(0, at=3))
    assert made.changed() == ()


def test_a_new_boot_counts_from_zero_again():
    again = record_of(DIRECTORY, batch(connection("10.1.0.1", "203.0.113.1", 443), boot="second"))
    assert windows(edges(0, at=0), again).changed()[0].edges[0].client_count == 2


# n1  0 [.....] 1 lost [.....] 2 [.....]
def test_a_gap_makes_the_windows_of_its_time_incomplete():
    (one,) = windows(edges(0, at=1, end=3), edges(2, at=8, end=9)).changed()
    assert (one.complete, one.incomplete_because, one.sources[0].missing) == (
        False,
        ("batches of node n1 are missing",),
        1,
    )


def test_growing_losses_make_the_window_incomplete():
    (one,) = windows(edges(0, at=1, end=3), edges(1, at=8, end=9, losses=(("map_full", 3),))).changed()
    assert one.incomplete_because == ("node n1 lost connections (map_full)",)


def test_losses_of_the_past_are_not_counted_again():
    lossy = (("map_full", 3),)
    made = windows(edges(0, at=1, end=3, losses=lossy), edges(1, at=25, end=26, losses=lossy))
    assert [one.complete for one in made.changed()] == [False, True]


def test_a_gap_concerns_workloads_of_other_nodes_too():
    """Nobody knows whose edges were lost."""
    (one,) = windows(edges(0, at=1, end=3, source="n2"), edges(0, end=3), edges(2, end=9)).changed()
    assert not one.complete


# kept from +30 on:  |+30 ... watermark +58
def test_old_windows_are_forgotten():
    made = windows(edges(0, at=3), edges(1, at=33), edges(2, at=63))
    made.changed()
    assert len(made) == 2


# kept from +30 on:      |+30 ... watermark +58
def test_what_is_later_than_any_kept_window_goes_to_the_oldest_and_is_counted():
    made = windows(edges(0, at=63))
    made.changed()
    made.apply(edges(0, at=3, end=9, source="n2"))
    (late,) = made.changed()
    assert (late.start, made.moved) == (T0 + 30_000, 1)


# replayed: 0 of +3, whose window is gone
def test_a_repetition_of_a_forgotten_window_is_not_counted():
    made = windows(edges(0, at=3), edges(1, at=63))
    made.changed()
    made.apply(edges(0, at=3))
    assert (made.changed(), made.moved) == ((), 0)


@pytest.mark.parametrize("order", [(3, 4), (4, 3)])
def test_a_workload_is_described_as_at_its_newest_sighting(order):
    """In whatever order its nodes tell of it."""
    (one,) = windows(*(labelled(at, {3: "old", 4: "new"}[at]) for at in order)).changed()
    assert one.workload.selector == (("app", "new"),)


def test_a_window_names_its_edges_direction_and_observer():
    ((edge,),) = (one.edges for one in windows(edges(0, at=3)).changed())
    assert (edge.role, edge.client_count, edge.server_count, edge.established) == (Role.CLIENT, 1, 0, True)
