"""The stages without Kafka: what they wait for, what they refuse."""

import asyncio
import dataclasses
import threading
import time
from types import SimpleNamespace

import pytest
from cluster_objects import CLUSTER, T0, batch, connection, facts, pod

from schemas.dead_letters import RawRecord
from schemas.framing import OwnSchemas, Reader, Writer, single_object_prefix
from schemas.kafka import KafkaSettings
from schemas.records import ConnectionBatch, Connections, EdgeColumns, WorkloadEdges, WorkloadWindow
from streams.directory.directory import Directory
from streams.edges import enrich_stage
from streams.edges.enrich_stage import EnrichStage
from streams.intake import Arrival
from streams.windows.window import WindowSpec
from streams.windows.window_stage import WindowStage

KAFKA = KafkaSettings("unused")
ROWS = [connection("10.1.0.1", f"203.0.113.{number}", 443) for number in range(1, 60)]
BATCH = batch(connection("10.1.0.1", "203.0.113.1", 443, count=3))


class Schemas(OwnSchemas):
    prefix = staticmethod(single_object_prefix)


def inventory(watermark):
    directory = Directory((facts(), pod("web", "10.1.0.1")))
    return SimpleNamespace(
        lock=threading.Lock(), directory=lambda _cluster: directory, watermark=lambda _cluster: watermark
    )


def arrival(record, offset=0):
    value = record if isinstance(record, bytes) else Writer("any", type(record))(record)
    return Arrival(RawRecord("topic", 0, offset, None, value), 1, time.monotonic())


def enriched(*records, watermark=T0 + 5_000, wait_s=5.0):
    stage = EnrichStage(KAFKA, Schemas(ConnectionBatch), inventory(watermark), 3, wait_s)
    began = time.monotonic()
    result = asyncio.run(stage.step(tuple(arrival(one, offset) for offset, one in enumerate(records))))
    return result, time.monotonic() - began


def windowed(*records, load=lambda *_: ()):
    stage = WindowStage(KAFKA, Schemas(WorkloadEdges), WindowSpec(10_000), load, lambda _: ())
    return asyncio.run(stage.step(tuple(map(arrival, records))))


def test_every_partition_hears_of_every_batch():
    result, _ = enriched(BATCH)
    read = Reader(WorkloadEdges)
    assert [(one.partition, len(read(one.value).sources)) for one in result.outputs] == [(0, 1), (1, 1), (2, 1)]
    assert sum(len(read(one.value).edges) for one in result.outputs) == 1


def test_a_batch_waits_for_the_inventory_no_longer_than_it_may():
    result, took = enriched(BATCH, watermark=T0, wait_s=0.3)
    assert len(result.outputs) == 3
    assert 0.2 < took < 2


def test_a_cluster_without_any_inventory_is_told_once(caplog):
    """The likely cause is a `follow` that is not running or has another name for the cluster."""
    stage = EnrichStage(KAFKA, Schemas(ConnectionBatch), inventory(0), 3, 0.0)
    for _ in range(2):
        asyncio.run(stage.step((arrival(BATCH), arrival(BATCH, 1))))
    assert [record.getMessage() for record in caplog.records] == [
        f"no inventory for cluster {CLUSTER}: is `follow` running with the same --cluster?"
    ]


def test_a_step_too_large_for_a_record_is_written_in_parts(monkeypatch):
    """Every batch is whole in one record of its partition, in order, and counted once."""
    calm, _ = enriched(*(batch(*ROWS, sequence=number) for number in range(5)))
    monkeypatch.setattr(enrich_stage, "_MOST_BYTES", max(len(one.value) for one in calm.outputs) - 1)
    parts, _ = enriched(*(batch(*ROWS, sequence=number) for number in range(5)))
    assert len(parts.outputs) == 2 * len(calm.outputs)
    assert max(len(one.value) for one in parts.outputs) <= enrich_stage._MOST_BYTES
    assert _by_partition(parts) == _by_partition(calm)
    assert (parts.tally, parts.bad) == (calm.tally, ())


def _by_partition(result):
    """Sequences in their order, and how many edges each has."""
    read, found = Reader(WorkloadEdges), {}
    for one in result.outputs:
        record = read(one.value)
        for index, source in enumerate(record.sources):
            found.setdefault(one.partition, []).append((source.sequence, record.edges.sources.count(index)))
    return found


def test_a_batch_too_large_for_any_record_is_a_dead_letter_and_counted_once(monkeypatch):
    """The others of the step go on; what could not be told is not counted as used."""
    alone, _ = enriched(batch(*ROWS[:1], sequence=0), batch(*ROWS[:1], sequence=2))
    monkeypatch.setattr(enrich_stage, "_MOST_BYTES", max(len(one.value) for one in alone.outputs))
    result, _ = enriched(*(batch(*rows, sequence=number) for number, rows in enumerate((ROWS[:1], ROWS, ROWS[:1]))))
    assert [(letter.raw.offset, letter.reason) for letter in result.bad] == [
        (1, "the edges of one partition are too large for a record")
    ]
    assert [sequence for sequence, _ in _by_partition(result)[0]] == [0, 2]
    assert result.tally == alone.tally


def test_an_inventory_that_is_behind_is_not_called_missing(caplog):
    enriched(BATCH, watermark=T0, wait_s=0.0)
    assert not caplog.records


def test_a_batch_that_the_inventory_has_passed_does_not_wait():
    assert enriched(BATCH)[1] < 0.2


def test_a_batch_whose_columns_disagree_is_refused_with_its_reason():
    """The others of its step go on."""
    broken = dataclasses.replace(BATCH, connections=dataclasses.replace(BATCH.connections, ports=(1, 2)))
    short = dataclasses.replace(BATCH, connections=Connections(addresses=(b"abc",)))
    result, _ = enriched(broken, short, b"garbage", BATCH)
    assert [one.raw.offset for one in result.bad] == [2, 0, 1]
    assert len(result.outputs) == 3


@pytest.mark.parametrize("local", ["10.1.0.1", "10.1.9.9"])
@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"ports": (-1, 80)}, "a port is out of range"),
        ({"ports": (80, 65_536)}, "a port is out of range"),
        ({"counts": (2**63 - 10, 2**63 - 10)}, "the counts are out of range"),
        ({"counts": (2**44, 0)}, "the counts are out of range"),
        ({"first_seen": (0, 2**63 - 1)}, "a moment is out of range"),
        ({"first_seen": (2**61, 0), "last_seen": (2**62, 0)}, "a moment is out of range"),
        ({"first_seen": (-(2**63), 0)}, "a moment is out of range"),
    ],
)
def test_a_number_out_of_range_is_one_batchs_dead_letter(columns, reason, local):
    """Not the loss of all that is packed with it, and no end of the program."""
    two = batch(connection(local, "203.0.113.1", 443), connection(local, "203.0.113.2", 443))
    broken = dataclasses.replace(two, connections=dataclasses.replace(two.connections, **columns))
    result, _ = enriched(broken, BATCH)
    assert [(one.raw.offset, one.reason) for one in result.bad] == [(0, f"not a usable ConnectionBatch: {reason}")]
    told = [Reader(WorkloadEdges)(one.value) for one in result.outputs]
    assert sorted(len(one.edges) for one in told) == [0, 0, 1]
    assert [one.bad for one in map(windowed, told)] == [(), (), ()]


def test_an_interval_out_of_range_is_a_dead_letter():
    """Where windows would begin there, their times are no longs."""
    result, _ = enriched(dataclasses.replace(BATCH, interval_end=2**63 - 1), wait_s=0.0)
    assert [one.reason for one in result.bad] == ["not a usable ConnectionBatch: a moment is out of range"]


def test_as_many_connections_as_a_batch_may_have_are_told():
    most = dataclasses.replace(BATCH, connections=dataclasses.replace(BATCH.connections, counts=(2**44 - 1,)))
    assert enriched(most)[0].tally.used == 2**44 - 1


def test_edges_whose_columns_disagree_are_refused_and_change_nothing():
    good = Reader(WorkloadEdges)
    records = [good(one.value) for one in enriched(BATCH)[0].outputs]
    (edges,) = [record for record in records if len(record.edges)]
    broken = dataclasses.replace(edges, edges=dataclasses.replace(edges.edges, workloads=(9,)))
    result = windowed(broken, edges)
    assert [one.reason for one in result.bad] == ["a workload is out of range"]
    (window,) = [Reader(WorkloadWindow)(one.value) for one in result.outputs]
    assert window.edges[0].client_count == 3


def test_a_partition_goes_on_from_what_was_emitted():
    records = [Reader(WorkloadEdges)(one.value) for one in enriched(BATCH)[0].outputs]
    (edges,) = [record for record in records if len(record.edges)]
    emitted = [Reader(WorkloadWindow)(one.value) for one in windowed(edges).outputs]
    assert windowed(edges, load=lambda *_: emitted).outputs == ()


def test_an_empty_record_of_edges_changes_nothing():
    assert windowed(WorkloadEdges(CLUSTER, (), edges=EdgeColumns())).outputs == ()
