"""A worker is ready when it has all it needs, and live while what waits is worked on: hazards of Faust show."""

import pytest

from streams.worker.health import ANSWER_S, PATIENCE_S, TURN_S, StreamHealth
from streams.worker.progress import Offsets, Share

SHARE = Share("netpol.connections", 3)
OTHER = Share("netpol.workload-edges", 0)


def working(now=0.0):
    """A worker that has all it needs."""
    health = StreamHealth(now)
    health.inventory(10, now, to_its_end=True)
    health.assigned()
    health.recovered()
    health.answered([], now)
    return health


def goes_on(health, until, offsets, every=10.0):
    """Time passes: the loop turns, and Kafka tells these offsets; a number is what is committed, of 100 records."""
    now = 0.0
    while now < until:
        now += every
        health.turned(now)
        health.answered([(share, Offsets(0, 100, done(now))) for share, done in offsets.items()], now)
    return health.live(now)


def test_a_worker_that_has_all_is_ready():
    assert working().ready(1.0).ok


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda health: health.revoked(1.0), "the group has not yet said which partitions are ours"),
        (lambda health: health.inventory(1, 1.0, to_its_end=False), "the inventory has not been read to its end"),
    ],
)
def test_what_is_missing_is_named(change, reason):
    health = working()
    change(health)
    status = health.ready(2.0)
    assert not status.ok
    assert reason in status.reasons


def test_a_rebalance_needs_the_windows_again():
    """Those of the new partitions have not been read back yet."""
    health = working()
    health.revoked(1.0)
    health.assigned()
    assert health.ready(2.0).reasons == ("the windows of our partitions have not been read back",)


def test_without_kafka_a_worker_is_not_ready_but_live():
    """A restart would not help."""
    health = working()
    for now in range(10, 1000, 10):
        health.turned(float(now))
        health.silent(float(now))
    assert not health.ready(990.0).ok
    assert health.live(990.0).ok


def test_a_silence_shorter_than_three_looks_is_passed_over():
    health = working()
    assert health.ready(ANSWER_S).ok
    assert not health.ready(ANSWER_S + 1).ok


def test_an_idle_worker_is_live():
    """Nothing waits."""
    assert goes_on(working(), 10 * PATIENCE_S, {SHARE: lambda _now: 100}).ok


def test_a_worker_that_is_behind_but_works_is_live():
    assert goes_on(working(), 10 * PATIENCE_S, {SHARE: lambda now: min(int(now / 50), 99)}).ok


def test_hazard_629_one_partition_that_is_not_fetched_is_seen():
    """Though all others go on."""
    status = goes_on(working(), PATIENCE_S + 30, {SHARE: lambda _now: 7, OTHER: lambda now: min(int(now / 5), 99)})
    assert not status.ok
    assert "records wait in netpol.connections, partition 3, and none is done" in status.reasons[0]


def test_hazard_523_an_agent_that_died_is_seen():
    """Nothing has ever been committed."""
    assert not goes_on(working(), PATIENCE_S + 30, {SHARE: lambda _now: -1001}).ok


def test_records_may_wait_for_the_time_that_is_allowed():
    assert goes_on(working(), PATIENCE_S, {SHARE: lambda _now: 7}).ok


def test_what_waited_while_kafka_was_away_is_counted_anew():
    health = working()
    goes_on(health, PATIENCE_S - 10, {SHARE: lambda _now: 7})
    health.silent(PATIENCE_S)
    health.turned(PATIENCE_S + 50)
    health.answered([(SHARE, Offsets(0, 100, 7))], PATIENCE_S + 50)
    assert health.live(PATIENCE_S + 50).ok


def test_a_rebalance_that_hangs_is_seen():
    """Kafka answers, and the group gives no partitions."""
    health = working()
    health.revoked(0.0)
    assert not goes_on(health, PATIENCE_S + 10, {}).ok


def test_a_rebalance_that_waits_for_kafka_is_not_blamed():
    health = working()
    health.revoked(0.0)
    for now in range(10, 1000, 10):
        health.turned(float(now))
        health.silent(float(now))
    assert health.live(990.0).ok


def test_reading_the_inventory_may_take_long_but_not_pause():
    """150,000 pods take a while."""
    health = StreamHealth(0.0)
    health.assigned()
    for now in range(1, 1000):
        health.turned(float(now))
        health.inventory(now, float(now), to_its_end=False)
    assert health.live(999.0).ok
    health.turned(999.0 + PATIENCE_S + 1)
    assert not health.live(999.0 + PATIENCE_S + 1).ok


def test_a_loop_that_does_not_turn_is_seen():
    health = working()
    health.turned(10.0)
    assert health.live(10.0 + TURN_S).ok
    assert "the event loop turned last" in health.live(11.0 + TURN_S).reasons[0]


@pytest.mark.parametrize(
    ("offsets", "lag"),
    [
        (Offsets(0, 10, -1001), 10),
        (Offsets(4, 10, -1001), 6),
        (Offsets(4, 10, 7), 3),
        (Offsets(4, 10, 2), 6),
        (Offsets(10, 10, 2), 0),
        (Offsets(0, 0, -1001), 0),
        (Offsets(0, 3, 7), 0),
    ],
    ids=["nothing done", "nothing done, cut", "some", "cut behind", "all expired", "empty", "topic made anew"],
)
def test_lag_is_what_is_there_and_not_done(offsets, lag):
    assert offsets.lag == lag
