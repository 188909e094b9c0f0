"""What a worker reads back when partitions become its own: all that may still change, and not much more."""

import time

import pytest
from cluster_objects import T0

from schemas.framing import Writer
from schemas.kafka import producer
from schemas.records import Workload, WorkloadWindow
from schemas.schema_store import SchemaStore
from schemas.topics import WORKLOAD_WINDOWS
from streams.windows.emitted import Emitted

pytestmark = pytest.mark.kafka
MINUTE = 60_000
WALL = time.time_ns() // 1_000_000 - 2 * 24 * 60 * MINUTE
WRITE = Writer(WORKLOAD_WINDOWS.name, WorkloadWindow)


def window(start, name="web"):
    """A window of a minute that begins so many minutes after T0."""
    begin = T0 + start * MINUTE
    given = {"revision": 1, "final": False, "complete": True, "incomplete_because": (), "sources": (), "edges": ()}
    return WorkloadWindow("test", Workload("demo", "Pod", name), begin, begin + MINUTE, **given)


@pytest.fixture
def emitted(kafka):
    """Publishes (window, minutes on the wall) in order, and reads back what may still be open for ten minutes."""

    def read(*emissions, span=10, now=None):
        client = producer(kafka, queue_buffering_max_messages=200_000)
        for one, wall in emissions:
            client.produce(kafka.topic(WORKLOAD_WINDOWS), WRITE(one), one.key, 0, timestamp=WALL + wall * MINUTE)
        assert client.flush(30) == 0
        load = Emitted(kafka, SchemaStore(kafka), span * MINUTE)
        return load(0) if now is None else load(0, T0 + now * MINUTE)

    return read


def test_nothing_is_read_back_of_an_empty_partition(emitted):
    assert emitted() == ()


# on the wall   0 1 2 ...            60 (Kafka was away)
# event time    0 1 2                3
def test_an_hour_without_kafka_forgets_no_open_window(emitted):
    """The windows before it were emitted an hour ago, and their next edges come now."""
    made = [(window(minute), minute) for minute in range(3)] + [(window(3), 63)]
    assert [one.start for one in emitted(*made)] == [T0 + minute * MINUTE for minute in range(4)]


def test_what_nothing_can_change_any_more_is_not_read_back(emitted):
    """A day of windows, of which half an hour matters."""
    names = [f"web-{number}" for number in range(10)]
    made = [(window(minute, name), minute) for minute in range(24 * 60) for name in names]
    found = emitted(*made)
    assert {window(minute, name) for minute in range(24 * 60 - 10, 24 * 60) for name in names} <= set(found)
    assert len(found) < len(made) / 5


def test_a_node_whose_clock_is_ahead_hides_no_open_window(emitted):
    """Its windows lie in the future; how far event time has come is known from the other nodes."""
    made = [(window(minute), minute) for minute in range(20)] + [(window(600), 20)] * 1_000
    assert window(19) in emitted(*made, now=20)
