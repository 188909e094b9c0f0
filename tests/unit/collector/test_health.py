"""Readiness and liveness follow from events and a clock; each test draws its clock. At 5 s an event counts for 25 s."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.health import START_S, Health
from schemas.probes import Status


@pytest.mark.parametrize(
    ("events", "asked", "ready"),
    [
        #  0         25        50      seconds; a attached, k acknowledged, d detached, ? asked
        #  a k       ?
        ([(0, "a"), (1, "k")], 26, True),
        #  a k        ?
        ([(0, "a"), (1, "k")], 26.1, False),
        #  a k    k       ?
        ([(0, "a"), (1, "k"), (20, "k")], 45, True),
        #    k    ?
        ([(1, "k")], 20, False),
        #  a ?
        ([(0, "a")], 1, False),
        #  a k d ?
        ([(0, "a"), (1, "k"), (2, "d")], 3, False),
        #  a k            ?  k ?
        ([(0, "a"), (1, "k"), (60, "k")], 61, True),
    ],
)
def test_ready_is_attached_and_acknowledged_lately(events, asked, ready):
    """Neither suffices alone, and the acknowledgement must be young."""
    health = Health(5.0, now=0)
    for now, event in events:
        {"a": health.attached, "d": health.detached, "k": lambda now=now: health.acknowledged(now)}[event]()
    assert health.ready(asked).ok is ready


@pytest.mark.parametrize(
    ("turns", "asked", "live"),
    [
        #  t         ?
        ([1], 26, True),
        #  t          ?
        ([1], 26.1, False),
        #  t    t         ?
        ([1, 20], 45, True),
        #  (none)                  ?    a minute more before the first turn
        ([], 25 + START_S, True),
        #  (none)                   ?
        ([], 25.1 + START_S, False),
        #  t             ?   after the first turn the minute is over
        ([1], 30, False),
    ],
)
def test_live_is_a_loop_that_turned_lately(turns, asked, live):
    """The start has a minute more than a turn."""
    health = Health(5.0, now=0)
    for now in turns:
        health.turned(now)
    assert health.live(asked).ok is live


def test_unready_says_all_that_is_missing():
    """A new collector lacks both, and a stale one says since when."""
    health = Health(5.0, now=0)
    assert health.ready(0) == Status(
        ok=False,
        reasons=("the programs are not attached to the kernel", "Kafka has not acknowledged a batch yet"),
    )
    health.attached()
    health.acknowledged(10)
    assert health.ready(50).reasons == ("Kafka acknowledged the last batch 40 s ago; 25 s are allowed",)


def test_dead_says_since_when():
    """The reason tells a loop that hangs from one that never began."""
    health = Health(5.0, now=100)
    assert health.live(200).reasons == ("the drain loop has not turned yet, 100 s ago; 85 s are allowed",)
    health.turned(200)
    assert health.live(240).reasons == ("the drain loop turned last, 40 s ago; 25 s are allowed",)


@given(
    interval=st.floats(0.1, 600),
    acknowledged=st.floats(0, 1e6),
    asked=st.floats(0, 1e6),
)
def test_absence_of_kafka_never_makes_it_dead(interval, acknowledged, asked):
    """Liveness knows of the loop alone, else a restart would throw away the spool."""
    health = Health(interval, now=0)
    health.acknowledged(acknowledged)
    health.turned(asked)
    assert health.live(asked) == Status(ok=True)


def test_the_age_counts_from_the_start_until_the_first_acknowledgement():
    """An alert on the age also finds a collector that never published."""
    health = Health(5.0, now=100)
    assert health.unacknowledged_s(130) == 30
    health.acknowledged(140)
    assert health.unacknowledged_s(150) == 10
