"""How many windows and edges are kept, as the worker's metrics say it. W is 10 s, lateness 5 s, retention 20 s."""

import asyncio

import pytest
from cluster_objects import T0, batch, connection, facts, pod
from enriching import record_of

from schemas.dead_letters import RawRecord
from schemas.framing import OwnSchemas, Writer, single_object_prefix
from schemas.kafka import KafkaSettings
from schemas.records import WorkloadEdges
from streams.directory.directory import Directory
from streams.intake import Arrival
from streams.tally import Held
from streams.windows.window import Windows, WindowSpec
from streams.windows.window_stage import WindowStage

SPEC = WindowSpec(10_000, lateness=5_000, retention=20_000, told_apart=4)
DIRECTORY = Directory((facts(), pod("web", "10.1.0.1"), pod("db", "10.1.0.2")))
INSIDE = ("10.1.0.2",)
NEAR = tuple(f"203.0.113.{number}" for number in range(1, 5))
FAR = tuple(f"198.51.100.{number}" for number in range(1, 3))


def edges(sequence, *addresses, at=0, **more):
    """The web's connections to these, so many seconds after T0."""
    seen = [connection("10.1.0.1", one, 443, at=T0 + at * 1_000, **more) for one in addresses]
    return record_of(DIRECTORY, batch(*seen, sequence=sequence, end=T0 + at * 1_000))


@pytest.fixture
def kept():
    """Windows to which records have been applied, each emitted by itself; what is kept after it."""
    windows = Windows("test", SPEC)

    def apply(*records):
        emitted = []
        for one in records:
            windows.apply(one)
            emitted += windows.changed()
        return (len(windows), windows.edges), emitted

    return apply


def test_edges_are_counted_at_both_ends_and_outside(kept):
    """The web's window has an edge with the database and one with each address, the database's window has one."""
    assert kept(edges(0, *INSIDE, *NEAR))[0] == (2, 1 + 4 + 1)


def test_what_is_seen_again_counts_once(kept):
    """In the same window; in the next it is another edge."""
    assert kept(edges(0, *NEAR), edges(1, *NEAR))[0] == (1, 4)
    assert kept(edges(2, *NEAR, at=10))[0] == (2, 8)


def test_a_crowd_that_is_folded_counts_less(kept):
    """Four addresses and two more are two prefixes."""
    assert kept(edges(0, *NEAR))[0] == (1, 4)
    assert kept(edges(1, *FAR))[0] == (1, 2)


def test_forgotten_windows_count_no_more(kept):
    """They go with the watermark, the one before the oldest last."""
    assert kept(edges(0, *NEAR), edges(1, *FAR[:1], at=20))[0] == (2, 5)
    assert kept(edges(2, at=45))[0] == (1, 1)
    assert kept(edges(3, at=95))[0] == (0, 0)


def test_restored_windows_count_as_before(kept):
    """Whoever goes on from what was emitted keeps as much; of a window, the latest revision is what counts."""
    numbers, emitted = kept(edges(0, *INSIDE, *NEAR), edges(1, *INSIDE, *FAR, at=11))
    windows = Windows("test", SPEC)
    windows.restore([*emitted, *emitted])
    assert (len(windows), windows.edges) == numbers == (4, 6 + 4)
    windows.changed()
    assert (len(windows), windows.edges) == numbers


class Schemas(OwnSchemas):
    prefix = staticmethod(single_object_prefix)


def test_a_stage_counts_its_partitions_until_they_are_anothers():
    """Every second, beside the worker's work: it must not have to look at each edge for it."""
    stage = WindowStage(KafkaSettings("unused"), Schemas(WorkloadEdges), SPEC, lambda *_: (), lambda _: ())
    write = Writer("any", WorkloadEdges)
    arrivals = [
        Arrival(RawRecord("topic", partition, 0, None, write(edges(0, *INSIDE, *NEAR))), 1, 0.0) for partition in (0, 1)
    ]
    asyncio.run(stage.step(tuple(arrivals)))
    assert stage.held() == Held(windows=4, edges=12)
    asyncio.run(stage.begin(frozenset({1})))
    assert stage.held() == Held()
