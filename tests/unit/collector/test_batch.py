"""A drain becomes numbered batches in which nothing is missing."""

from hypothesis import given
from hypothesis import strategies as st

from collector.batch import Boot, Progress, batches_of
from collector.drain import Drained, possible_cpus
from collector.layout import KEY, VALUE

BOOT = Boot(cluster="c", node="n", boot_id="b", batch_rows=3)
NONE = (0, 0, 0, 0)


def _row(port, count=1):
    return KEY.pack(b"\x0a", b"\x0b", 1, 0, port, 2, 6, 0, 0, 1), VALUE.pack(count, 0, 0)


def _drained(*rows, counters=NONE, utc_ms=10_000):
    return Drained(rows=rows, counters=counters, utc_ns=utc_ms * 1_000_000, boot_ns=0)


def test_an_idle_interval_is_a_heartbeat():
    """A batch without connections says that the node looked and saw nothing."""
    (batch,), after = batches_of(BOOT, Progress(5_000, sequence=7), _drained(), {})
    assert (batch.sequence, batch.interval_start, batch.interval_end, len(batch.connections)) == (7, 5_000, 10_000, 0)
    assert after == Progress(10_000, sequence=8)


@given(st.lists(st.tuples(st.integers(1, 65535), st.integers(1, 99)), unique_by=lambda row: row[0], max_size=20))
def test_every_connection_is_in_exactly_one_batch(rows):
    """Splitting keeps counts, numbers on without a gap, and obeys the limit."""
    batches, after = batches_of(BOOT, Progress(0), _drained(*(_row(*row) for row in rows)), {})
    seen = [(row.port, row.count) for batch in batches for row in batch.rows()]
    assert sorted(seen) == sorted(rows)
    assert [batch.sequence for batch in batches] == list(range(after.sequence))
    assert all(len(batch.connections) <= BOOT.batch_rows for batch in batches)


def test_bad_rows_are_counted_and_the_rest_goes_on():
    """The count of bad records is cumulative, like all of the ledger."""
    (batch,), after = batches_of(BOOT, Progress(0, bad_records=2), _drained(_row(80), (b"?", b"?")), {})
    assert len(batch.connections) == 1
    assert dict(batch.losses) == {"bad_record": 3}
    assert after.bad_records == 3


def test_the_ledger_tells_losses_from_what_is_ignored():
    """Later stages' losses stand beside the kernel's; what is left out on purpose is no loss."""
    (batch,), _ = batches_of(BOOT, Progress(0), _drained(counters=(5, 6, 7, 8)), {"spool_full": 9})
    assert dict(batch.ignored) == {"loopback": 5, "own_address": 6, "other_family": 7}
    assert dict(batch.losses) == {"map_full": 8, "spool_full": 9}


def test_a_clock_set_back_makes_no_interval_that_ends_before_it_begins():
    """The interval shrinks to nothing instead, and the next one begins at the new time."""
    (batch,), after = batches_of(BOOT, Progress(20_000), _drained(utc_ms=10_000), {})
    assert (batch.interval_start, batch.interval_end, after.interval_start) == (10_000, 10_000, 10_000)


def test_possible_cpus_counts_up_to_the_last():
    """The kernel sizes per-CPU values by the highest CPU that may ever be there."""
    assert [possible_cpus(text) for text in ("0\n", "0-1\n", "0-3,8\n")] == [1, 2, 9]
