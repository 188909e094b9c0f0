"""A wall clock that is set loses no row and moves none by more than it was moved.

boot clock  --d------d------d------d-->    drains, every 5 s
wall clock  --|------|--^---|----v-|-->    set forwards, set back, or slewed
"""

from edge_rows import key
from hypothesis import given
from hypothesis import strategies as st

from collector.batch import CLOCK_STEP_NS, Boot, Progress, batches_of
from collector.drain import Drained
from collector.layout import VALUE, Counter

DRAIN_NS = 5 * 10**9
START_NS = 1_800_000_000 * 10**9
BOOT = Boot("c", "n", "b", batch_rows=2)

jumps = st.integers(-CLOCK_STEP_NS, CLOCK_STEP_NS) | st.integers(-3_600 * 10**9, 3_600 * 10**9) | st.just(0)
drains = st.lists(st.tuples(jumps, st.lists(st.integers(0, DRAIN_NS - 1), max_size=4)), min_size=1, max_size=8)


def observed(clocks):
    """Each drain's jump and batches, and how far its rows are from when the wall clock, before its jump, had them."""
    progress, offset = Progress(START_NS // 10**6), START_NS
    for number, (jump, moments) in enumerate(clocks):
        begin, before = number * DRAIN_NS, offset
        offset += jump
        rows = [(key(port=port), VALUE.pack(1, begin + at, begin + at)) for port, at in enumerate(moments)]
        end = begin + DRAIN_NS
        drained = Drained(tuple(rows), (0,) * len(Counter), end + offset, end)
        batches, progress = batches_of(BOOT, progress, drained, {})
        true = {port: (before + begin + at) // 10**6 for port, at in enumerate(moments)}
        yield jump, batches, [row.last_seen - true[row.port] for batch in batches for row in batch.rows()]


@given(drains)
def test_intervals_adjoin_and_none_ends_before_it_begins(clocks):
    """Each drain's interval begins where the last ended; an interval is never longer than the clock went on."""
    end = START_NS // 10**6
    for jump, batches, _ in observed(clocks):
        for batch in batches:
            assert batch.interval_start == end <= batch.interval_end
            assert batch.interval_end - end <= (DRAIN_NS + max(jump, 0)) // 10**6 + 1
        end = batches[-1].interval_end


@given(drains)
def test_no_row_is_lost_or_moved_by_more_than_the_clock(clocks):
    """A millisecond is the rounding's."""
    seen = list(observed(clocks))
    assert sum(len(moves) for *_, moves in seen) == sum(len(moments) for _, moments in clocks)
    for jump, _, moves in seen:
        low, high = sorted((0, jump // 10**6))
        assert all(low - 1 <= move <= high + 1 for move in moves)


@given(drains)
def test_each_drain_in_which_the_clock_was_set_is_counted_once(clocks):
    """Cumulative like all of the ledger; the first drain has nothing to compare with."""
    steps = 0
    for number, (jump, batches, _) in enumerate(observed(clocks)):
        steps += number > 0 and abs(jump) > CLOCK_STEP_NS
        assert all(dict(batch.losses).get("clock_step", 0) == steps for batch in batches)
