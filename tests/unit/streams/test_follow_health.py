"""When `follow` is ready and live, and how long it waits before it tries again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.follow.backoff import LONGEST_S, pause_s
from streams.follow.health import LIVE_S, READY_S, START_S, FollowHealth
from streams.follow.metrics import FollowMetrics


@pytest.fixture
def health():
    """Of an instance whose heartbeats follow at once upon each other."""
    return FollowHealth(0.0, 100.0)


def test_it_is_ready_once_a_heartbeat_was_taken(health):
    """Then the inventory is complete."""
    assert not health.ready(101.0).ok
    health.beat(102.0)
    assert health.ready(103.0).ok


def test_it_is_not_ready_when_the_last_heartbeat_is_old(health):
    """The API server or Kafka is away."""
    health.beat(102.0)
    assert health.ready(102.0 + READY_S).ok
    assert health.ready(102.5 + READY_S).reasons == (f"the last heartbeat was {READY_S:.0f} s ago; 30 s are allowed",)


def test_who_stands_by_is_ready(health):
    """Else a rollout would wait for it for ever."""
    health.turned(101.0, standby=True)
    assert health.ready(1000.0).ok


def test_it_is_live_while_its_loop_turns(health):
    """Whatever the API server does."""
    health.turned(200.0, standby=False)
    assert health.live(200.0 + LIVE_S).ok
    assert not health.live(200.5 + LIVE_S).ok


@pytest.mark.parametrize("heartbeat_s", [45.0, 600.0])
def test_who_beats_seldom_is_ready_and_live_between_two_heartbeats(heartbeat_s):
    """From files the loop turns only as often; a heartbeat that was put off once comes an interval later."""
    health = FollowHealth(heartbeat_s, 0.0)
    health.beat(0.0)
    health.turned(0.0, standby=False)
    assert health.ready(3 * heartbeat_s + READY_S).ok
    assert not health.ready(3 * heartbeat_s + READY_S + 1).ok
    assert health.live(heartbeat_s + LIVE_S).ok
    assert not health.live(heartbeat_s + LIVE_S + 1).ok


def test_the_start_may_take_longer(health):
    """A large inventory is read first."""
    assert health.live(100.0 + START_S).ok
    assert not health.live(100.5 + START_S).ok


def test_who_takes_over_has_the_starts_time_again(health):
    """It reads the inventory first, and is not ready until it is complete."""
    health.turned(1000.0, standby=True)
    health.begins(1001.0)
    assert health.live(1001.0 + START_S).ok
    assert not health.ready(1002.0).ok


def test_the_age_of_the_heartbeat_is_that_of_what_it_says():
    """-1 until there is one."""
    metrics = FollowMetrics(1.0, lambda: 5.0, lambda: 10_000)
    assert _age(metrics) == -1
    metrics.beat(8_500)
    assert _age(metrics) == 1.5


@given(failures=st.integers(1, 1000), chance=st.floats(0, 1))
def test_a_pause_is_never_nothing_and_never_too_long(failures, chance):
    """And its jitter keeps at least half of it."""
    longest, shortest = pause_s(failures, chance=1.0), pause_s(failures, chance=0.0)
    assert 0 < shortest <= pause_s(failures, chance=chance) <= longest <= LONGEST_S
    assert shortest * 2 == longest


def test_pauses_double():
    """From half a second to half a minute."""
    assert [pause_s(n, chance=1.0) for n in range(9)] == [0, 0.5, 1, 2, 4, 8, 16, 30, 30]


def test_what_the_server_asks_for_is_kept_within_reason():
    """Retry-After is a floor."""
    assert pause_s(1, 7.0, chance=0.0) == 7.0
    assert pause_s(1, 3600.0, chance=0.0) == LONGEST_S


def _age(metrics):
    text = metrics.probes.registry.get_sample_value("netpol_follow_heartbeat_age_seconds")
    assert text is not None
    return text
