"""What a connection costs the first stage, without Kafka, in clusters of several sizes."""

import asyncio
import gc
import threading
import time
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, Final

from bench.streams.plan import PARTITIONS, ROWS
from bench.streams.traffic import INTERVAL_MS, Traffic
from bench.streams.world import T0, Size, World
from schemas.dead_letters import RawRecord
from schemas.framing import OwnSchemas, Writer, single_object_prefix
from schemas.kafka import KafkaSettings
from schemas.records import ConnectionBatch
from schemas.topics import CONNECTIONS
from streams.directory.directory import Directory
from streams.edges.enrich_stage import EnrichStage
from streams.intake import Arrival

_AT_ONCE: Final = 50
_PODS: Final = 15
_BEGIN: Final = T0 + 3_600_000
_HALF: Final = 2


class _Schemas(OwnSchemas):
    prefix = staticmethod(single_object_prefix)


def curve(workloads: Sequence[int], batches: int, seed: int) -> dict[int, float]:
    """Processor time for each connection, microseconds, by the number of workloads."""
    return {number: _cost(Size(_PODS * number, number, number // _HALF, seed), batches) for number in workloads}


def stage_of(world: World) -> EnrichStage:
    """The stage with all of a world's inventory."""
    directory = Directory(world.inventory())
    inventory: Any = SimpleNamespace(
        lock=threading.Lock(), directory=lambda _cluster: directory, watermark=lambda _cluster: 1 << 62
    )
    schemas: Any = _Schemas(ConnectionBatch)
    return EnrichStage(KafkaSettings("unused"), schemas, inventory, PARTITIONS, wait_s=0.0)


def arrivals(world: World, batches: int, begin: int = _BEGIN) -> Iterator[tuple[Arrival, ...]]:
    """Steps of batches as they come from Kafka, of one node after the other."""
    traffic, write = Traffic(world, ROWS), Writer(CONNECTIONS.name, ConnectionBatch)
    for start in range(0, batches, _AT_ONCE):
        step = [
            traffic.batch(number % world.size.nodes, begin + number // world.size.nodes * INTERVAL_MS)
            for number in range(start, min(start + _AT_ONCE, batches))
        ]
        yield tuple(Arrival(RawRecord("connections", 0, 0, None, write(batch)), 1, time.monotonic()) for batch in step)


def _cost(size: Size, batches: int) -> float:
    """A first round fills what the directory remembers; the second is measured."""
    world = World(size)
    stage, steps = stage_of(world), list(arrivals(world, batches))
    gc.collect()
    gc.freeze()
    asyncio.run(_run(stage, steps))
    begin = time.process_time()
    asyncio.run(_run(stage, steps))
    cost = (time.process_time() - begin) / (batches * ROWS) * 1e6
    gc.unfreeze()
    return cost


async def _run(stage: EnrichStage, steps: Sequence[tuple[Arrival, ...]]) -> None:
    for step in steps:
        await stage.step(step)
