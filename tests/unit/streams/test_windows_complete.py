"""Why a window is not complete, one sentence each."""

from dataclasses import replace

from cluster_objects import T0, batch, connection, facts, pod
from enriching import record_of

from schemas.records import BatchSource
from streams.directory.directory import Directory
from streams.windows.incomplete import Reasons
from streams.windows.ledger import Defect, Kind
from streams.windows.window import Windows, WindowSpec

SPEC = WindowSpec(10_000, lateness=5_000, retention=20_000)
DIRECTORY = Directory((facts(), pod("web", "10.1.0.1")))


def heard(source, sequence, end, held=0, boot="boot"):
    """A batch of one connection in the middle of its five seconds before T0 + `end` seconds."""
    seen = connection("10.1.0.1", "203.0.113.1", 443, at=T0 + end * 1_000 - 2_000)
    made = replace(batch(seen, source=source, sequence=sequence, end=T0 + end * 1_000, boot=boot), held=held)
    return record_of(DIRECTORY, made)


def windows(*records):
    made = Windows("test", SPEC)
    for record in records:
        made.apply(record)
    return made


def reasons(made):
    """Of each window that has changed, by seconds after T0."""
    return {(window.start - T0) // 1_000: window.incomplete_because for window in made.changed()}


def steady(*sources, until, step=5):
    """Batches of five seconds without a gap."""
    return [heard(source, end // step - 1, end) for end in range(step, until + 1, step) for source in sources]


# n1 |----|----|----|----|----|
# n2 |----|                        held 3
def test_a_node_that_falls_silent_with_something_untold_did_not_report():
    """Only final windows say so: before, it may only be late."""
    made = windows(heard("n2", 0, 5, held=3), *steady("n1", "n3", until=20))
    assert reasons(made) == {0: ("node n2 did not report",), 10: ()}
    for record in steady("n1", "n3", until=25)[-2:]:
        made.apply(record)
    assert reasons(made)[10] == ("node n2 did not report",)


def test_a_node_that_ended_in_order_is_not_missed():
    """Its last batch held nothing back."""
    assert reasons(windows(heard("n2", 0, 5), *steady("n1", "n3", until=20)))[0] == ()


def test_a_node_that_reports_late_after_all_was_not_silent():
    """The window is told again without the reason."""
    made = windows(heard("n2", 0, 5, held=3), *steady("n1", "n3", until=20))
    assert reasons(made)[0] == ("node n2 did not report",)
    made.apply(heard("n2", 1, 10))
    assert reasons(made)[0] == ()


def test_a_node_is_missed_no_longer_than_windows_are_kept():
    made = windows(heard("n2", 0, 5, held=3), *steady("n1", "n3", until=60))
    found = reasons(made)
    assert [start for start, because in sorted(found.items()) if because] == [0, 10, 20]


# n1 a |----|----| held 3
# n1 b                  |----|
def test_a_new_start_after_something_untold_is_a_reason_and_so_is_the_time_between():
    made = windows(heard("n1", 0, 5), heard("n1", 1, 10, held=3), heard("n1", 0, 27, boot="second"))
    assert reasons(made) == {
        0: ("the collector of node n1 ended before it told all that it had counted",),
        20: ("nobody watched node n1 between two starts of the collector",),
    }


def test_a_new_start_at_once_is_no_reason():
    assert reasons(windows(heard("n1", 0, 5), heard("n1", 0, 10, boot="second"))) == {0: ()}


def test_a_new_start_whose_first_batches_are_missing_is_a_gap():
    made = windows(heard("n1", 0, 5), heard("n1", 2, 15, boot="second"))
    assert reasons(made)[0] == ("batches of node n1 are missing",)


def test_a_gap_across_a_restart_of_the_worker_is_found():
    """What was heard before is read again."""
    before = windows(heard("n1", 0, 5))
    after = Windows("test", SPEC)
    after.restore(before.changed(), heard("n1", 0, 5).sources)
    after.apply(heard("n1", 2, 15))
    assert reasons(after) == {0: ("batches of node n1 are missing",), 10: ()}


def test_a_reason_told_before_a_restart_stays():
    """However little of what was heard is read again."""
    after = Windows("test", SPEC)
    after.restore(windows(heard("n1", 0, 5), heard("n1", 2, 18)).changed())
    after.apply(heard("n4", 0, 18))
    assert set(reasons(after).values()) == {("batches of node n1 are missing",)}


def test_many_nodes_are_one_sentence():
    """Its length does not grow with the cluster."""
    told = Reasons(10_000, SPEC.span)
    for number in range(5_000):
        told.add(Defect(Kind.GAP, f"n{number:04}", T0, T0 + 1), 0)
    (sentence,) = told.sentences(T0)
    assert sentence == "batches of 5000 nodes (n0000, n0001, n0002, n0003, n0004, ...) are missing"
    again = Reasons(10_000, SPEC.span)
    again.restore(T0, [sentence, "6 nodes (n1, n2, n3, n4, n5, ...) did not report"])
    assert again.sentences(T0) == (sentence,)


def test_the_future_of_one_clock_makes_no_window_final():
    """The others say how late it is."""
    ahead = BatchSource("n9", "boot", 0, T0 + 3_600_000, T0 + 3_605_000)
    made = windows(*steady("n1", "n2", "n3", until=10))
    made.apply(replace(heard("n9", 0, 5), sources=(ahead,)))
    assert [(window.start, window.final) for window in made.changed()] == [(T0, False)]


def test_windows_go_on_when_nodes_have_died():
    """A silent node has a say for thirty rounds only."""
    made = windows(*steady("n1", "n2", "n3", until=5), *steady("n1", until=200)[1:])
    assert max(window.start - T0 for window in made.changed() if window.final) == 180_000
