"""A drain becomes numbered batches in which nothing is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.batch import Boot, Progress, batches_of, merged
from collector.drain import Drained, possible_cpus
from collector.layout import IGNORED, KEY, LOST, VALUE, Counter

BOOT = Boot(cluster="c", node="n", boot_id="b", batch_rows=3)
NONE = (0,) * len(Counter)


def _row(port, count=1, cgroup=0):
    return KEY.pack(b"\x0a", b"\x0b", 1, cgroup, port, 2, 6, 0, 0, 1), VALUE.pack(count, 0, 0)


def _drained(*rows, counters=NONE, utc_ms=10_000, boot_ms=0):
    return Drained(rows=rows, counters=counters, utc_ns=utc_ms * 1_000_000, boot_ns=boot_ms * 1_000_000)


def test_an_idle_interval_is_a_heartbeat():
    """A batch without connections says that the node looked and saw nothing."""
    (batch,), after = batches_of(BOOT, Progress(5_000, sequence=7), _drained(), {})
    assert (batch.sequence, batch.interval_start, batch.interval_end, len(batch.connections)) == (7, 5_000, 10_000, 0)
    assert (after.interval_start, after.sequence) == (10_000, 8)


@given(st.lists(st.tuples(st.integers(1, 65535), st.integers(0, 99)), unique_by=lambda row: row[0], max_size=20))
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
    counters = tuple(5 + counter for counter in Counter)
    (batch,), _ = batches_of(BOOT, Progress(0), _drained(counters=counters), {"spool_full": 9})
    assert dict(batch.ignored) == {counter.name.lower(): 5 + counter for counter in IGNORED}
    assert dict(batch.losses) == {"spool_full": 9} | {counter.name.lower(): 5 + counter for counter in LOST}


def test_a_clock_set_back_makes_empty_intervals_until_it_has_caught_up():
    """Intervals go on adjoining, none ends before it begins."""
    (batch,), after = batches_of(BOOT, Progress(20_000), _drained(utc_ms=10_000), {})
    assert (batch.interval_start, batch.interval_end, after.interval_start) == (20_000, 20_000, 20_000)


@pytest.mark.parametrize(("step_ms", "steps"), [(1_001, 1), (-1_001, 1), (1_000, 0), (-1_000, 0)])
def test_a_clock_that_was_set_is_in_the_ledger(step_ms, steps):
    """A second between two drains is allowed, since clocks are slewed; the first drain has nothing to compare with."""
    _, progress = batches_of(BOOT, Progress(0), _drained(utc_ms=100_000, boot_ms=0), {})
    (batch,), after = batches_of(BOOT, progress, _drained(utc_ms=105_000 + step_ms, boot_ms=5_000), {})
    assert dict(batch.losses).get("clock_step", 0) == after.clock_steps == steps


def test_losses_of_one_stage_add_up_over_their_sources():
    """However many sources there are, a stage stands in the ledger once."""
    assert merged() == {}
    assert merged({"spool_full": 1}, {}, {"scan_failed": 2, "spool_full": 3}) == {"spool_full": 4, "scan_failed": 2}


def test_the_ledger_adds_what_others_lost_of_the_same_stage():
    """Rows that a scan could not pack are bad records like the kernel's."""
    (batch,), _ = batches_of(BOOT, Progress(0), _drained((b"?", b"?")), {"bad_record": 2})
    assert dict(batch.losses) == {"bad_record": 3}


def test_a_bad_row_is_one_record_whatever_its_count_says():
    """A count is not believed when the rest of the row cannot be."""
    key, value = _row(80, count=1_000)
    (batch,), _ = batches_of(BOOT, Progress(0), _drained((key[:-1], value)), {})
    assert dict(batch.losses) == {"bad_record": 1}


def test_the_pod_is_asked_for_once_for_each_socket_owner():
    """Whatever the number of edges and batches, network namespace and cgroup name the pod."""
    asked = []

    def pod_uid(cookie, cgroup):
        asked.append((cookie, cgroup))
        return f"pod-{cgroup}" if cgroup else ""

    rows = [_row(port, cgroup=port % 3) for port in range(1, 10)]
    batches, _ = batches_of(BOOT, Progress(0), _drained(*rows), {}, pod_uid)
    assert sorted(asked) == [(1, 0), (1, 1), (1, 2)]
    assert {row.port: row.pod_uid for batch in batches for row in batch.rows()} == {
        port: f"pod-{port % 3}" if port % 3 else "" for port in range(1, 10)
    }


def test_possible_cpus_counts_up_to_the_last():
    """The kernel sizes per-CPU values by the highest CPU that may ever be there."""
    assert [possible_cpus(text) for text in ("0\n", "0-1\n", "0-3,8\n")] == [1, 2, 9]
