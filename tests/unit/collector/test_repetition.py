"""What an edge costs when it is seen again and again. The window is 30 s, a drain's time is in seconds."""

from edge_rows import key

from collector.layout import VALUE
from collector.repetition import Repetition

ONE, OTHER = key(port=80), key(port=81)
BROKEN = (ONE[:-1], b"")


def row(at, count=1, edge=ONE):
    """So many connections of an edge at a second."""
    return edge, VALUE.pack(count, at * 10**9, at * 10**9)


def drained(repetition, at, *rows, acknowledged=True):
    """What is published of a drain; one batch, which Kafka takes at once unless said otherwise."""
    due = repetition.due(rows, at * 1_000)
    acknowledge = repetition.acknowledgement(1)
    if acknowledged:
        acknowledge()
    return list(due)


def test_a_new_edge_is_told_at_once():
    assert drained(Repetition(30_000, 9), 5, row(4)) == [row(4)]


# |--5-----10----15-----20------|-35
#    1     2     4      .         1 + what was held
def test_an_edge_that_was_told_is_told_again_when_the_window_turns():
    """Once, with what was held as a row of its own, which keeps its times."""
    repetition = Repetition(30_000, 9)
    drained(repetition, 5, row(4))
    assert drained(repetition, 10, row(9, 2)) == []
    assert drained(repetition, 15, row(14, 4)) == []
    assert repetition.held == 6
    assert drained(repetition, 35, row(31)) == [(ONE, VALUE.pack(6, 9 * 10**9, 14 * 10**9)), row(31)]
    assert repetition.held == 0


def test_what_is_held_goes_out_at_the_turn_even_if_the_edge_is_gone():
    repetition = Repetition(30_000, 9)
    drained(repetition, 5, row(4))
    drained(repetition, 10, row(9, 2))
    assert drained(repetition, 30) == [row(9, 2)]
    assert drained(repetition, 60) == []


def test_an_edge_is_told_with_its_new_count_until_it_is_acknowledged():
    """The earlier count is in the batch that is on its way, so nothing is doubled."""
    repetition = Repetition(30_000, 9)
    assert drained(repetition, 5, row(4, 3), acknowledged=False) == [row(4, 3)]
    first = repetition.acknowledgement(1)
    assert drained(repetition, 10, row(9, 2), acknowledged=False) == [row(9, 2)]
    first()
    assert drained(repetition, 15, row(14, 1)) == []


def test_a_drain_is_acknowledged_with_its_last_batch():
    repetition = Repetition(30_000, 9)
    repetition.due([row(4)], 5_000)
    acknowledge = repetition.acknowledgement(2)
    acknowledge()
    assert drained(repetition, 10, row(9), acknowledged=False) == [row(9)]
    acknowledge()
    assert drained(repetition, 15, row(14)) == []


def test_an_edge_whose_batch_was_lost_is_told_at_its_next_occurrence():
    """Kafka has later batches, so the lost one never comes: the next that is told stands for the edge."""
    repetition = Repetition(30_000, 9)
    drained(repetition, 5, row(4), acknowledged=False)
    drained(repetition, 10, row(9, 1, OTHER))
    assert drained(repetition, 15, row(14, 2)) == [row(14, 2)]
    assert drained(repetition, 20, row(19, 3)) == []


def test_a_late_acknowledgement_of_the_window_before_says_nothing_of_this_one():
    """In each window the edge is told anew."""
    repetition = Repetition(30_000, 9)
    drained(repetition, 5, row(4), acknowledged=False)
    late = repetition.acknowledgement(1)
    drained(repetition, 31, row(30), acknowledged=False)
    late()
    assert drained(repetition, 35, row(34)) == [row(34)]


def test_a_heartbeat_of_an_edge_that_was_told_waits_for_the_turn():
    """Only the last sighting grows."""
    repetition = Repetition(30_000, 9)
    drained(repetition, 5, row(4))
    drained(repetition, 10, row(9, 2))
    assert drained(repetition, 15, row(14, 0)) == []
    assert list(repetition.rest()) == [(ONE, VALUE.pack(2, 9 * 10**9, 14 * 10**9))]


def test_what_is_held_goes_out_at_the_end():
    repetition = Repetition(30_000, 9)
    drained(repetition, 5, row(4))
    drained(repetition, 10, row(9, 2))
    assert list(repetition.rest()) == [row(9, 2)]
    assert list(repetition.rest()) == []


def test_edges_beyond_the_capacity_are_told_in_every_drain():
    """The table is bounded; the counts stay exact."""
    repetition = Repetition(30_000, 1)
    drained(repetition, 5, row(4), row(4, 1, OTHER))
    assert drained(repetition, 10, row(9), row(9, 1, OTHER)) == [row(9, 1, OTHER)]


def test_rows_that_are_no_edges_pass_through_each_time():
    """The batch counts them as bad records, each once."""
    repetition = Repetition(30_000, 9)
    assert drained(repetition, 5, BROKEN) == [BROKEN]
    assert drained(repetition, 10, BROKEN, BROKEN) == [BROKEN, BROKEN]


def test_a_sum_that_no_record_can_hold_goes_out_in_two_rows():
    repetition = Repetition(30_000, 9)
    drained(repetition, 5, row(4))
    drained(repetition, 10, row(9, 2**63 - 1))
    assert drained(repetition, 15, row(14, 1)) == [row(9, 2**63 - 1)]
    assert list(repetition.rest()) == [row(14, 1)]


def test_a_window_of_nothing_holds_nothing():
    repetition = Repetition(0, 9)
    assert drained(repetition, 5, row(4)) == [row(4)]
    assert drained(repetition, 10, row(9)) == [row(9)]


def test_a_clock_set_back_turns_the_window():
    """What is held goes out; another window begins."""
    repetition = Repetition(30_000, 9)
    drained(repetition, 65, row(64))
    drained(repetition, 70, row(69, 2))
    assert drained(repetition, 40, row(71)) == [row(69, 2), row(71)]
