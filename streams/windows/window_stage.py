"""Second stage: `netpol.workload-edges` to `netpol.workload-windows`, the same partition number."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from schemas.codec import BadRecord
from schemas.framing import Reader, Writer
from schemas.kafka import KafkaSettings
from schemas.parts import Parts
from schemas.records import Millis, WorkloadEdges, WorkloadWindow
from schemas.schema_store import SchemaStore
from schemas.topics import MOST_VALUE_BYTES, WORKLOAD_WINDOWS
from streams.intake import Arrival, BadArrival, Output, Result
from streams.tally import Held, Tally
from streams.windows.clock import NEVER, Clock
from streams.windows.fitting import fitted
from streams.windows.window import Windows, WindowSpec

Load: TypeAlias = Callable[[int, Millis], Iterable[WorkloadWindow]]
"""The windows of a partition that may still be open when event time has come this far, oldest first; may block."""

Recall: TypeAlias = Callable[[int], Iterable[WorkloadEdges]]
"""The records that a partition's windows had heard before its next one, oldest first; may block."""


class WindowStage:
    """Keeps the open windows of the partitions that this worker has.

    Args:
        kafka: For the names of topics.
        store: Schemas.
        spec: How windows are cut.
        load: Reads what was emitted before.
        recall: Reads what was heard before.
    """

    def __init__(self, kafka: KafkaSettings, store: SchemaStore, spec: WindowSpec, load: Load, recall: Recall) -> None:
        self._spec = spec
        self._load = load
        self._recall = recall
        self._topic = kafka.topic(WORKLOAD_WINDOWS)
        self._read = Reader(WorkloadEdges, store)
        self._write = Writer(
            WORKLOAD_WINDOWS.name, WorkloadWindow, store.prefix, Parts(WorkloadWindow, new=("sources",)).encode
        )
        self._partitions: dict[int, dict[str, Windows]] = {}

    async def begin(self, partitions: frozenset[int]) -> None:
        """Partitions may have been with another worker: read their windows again."""
        self._partitions.clear()
        for partition in sorted(partitions):
            await self._clusters(partition)

    def held(self) -> Held:
        """All windows of the partitions."""
        kept = [windows for clusters in self._partitions.values() for windows in clusters.values()]
        return Held(
            windows=sum(map(len, kept)),
            edges=sum(windows.edges for windows in kept),
            moved=sum(windows.moved for windows in kept),
        )

    async def step(self, arrivals: tuple[Arrival, ...]) -> Result:
        """Every window that the arrivals have changed, or that is final because of them."""
        bad: list[BadArrival] = []
        edges = 0
        for arrival in arrivals:
            clusters = await self._clusters(arrival.raw.partition)
            try:
                record = self._read(arrival.raw.value or b"")
                clusters.setdefault(record.cluster, Windows(record.cluster, self._spec)).apply(record)
                edges += len(record.edges)
            except (BadRecord, ValueError, IndexError) as error:
                bad.append(BadArrival(arrival.raw, str(error)))
            await asyncio.sleep(0)  # the group's heartbeats go on during a long step
        touched = sorted({arrival.raw.partition for arrival in arrivals})
        outputs = tuple(output for partition in touched for output in self._changed(partition))
        return Result(outputs, tuple(bad), Tally(edges=edges))

    def _changed(self, partition: int) -> Iterator[Output]:
        for windows in self._partitions[partition].values():
            for window in windows.changed():
                value = fitted(window, self._write, MOST_VALUE_BYTES)
                yield Output(self._topic, partition, window.key.encode(), value)

    async def _clusters(self, partition: int) -> dict[str, Windows]:
        if partition not in self._partitions:
            self._partitions[partition] = await asyncio.to_thread(self._restored, partition)
        return self._partitions[partition]

    def _restored(self, partition: int) -> dict[str, Windows]:
        """From the windows that were emitted and the batches that were heard: docs/decisions/0004."""
        heard = tuple(self._recall(partition))
        emitted = tuple(self._load(partition, _time(heard)))
        restored: dict[str, Windows] = {}
        for cluster in sorted({window.cluster for window in emitted} | {record.cluster for record in heard}):
            sources = [source for record in heard if record.cluster == cluster for source in record.sources]
            restored[cluster] = Windows(cluster, self._spec)
            restored[cluster].restore((window for window in emitted if window.cluster == cluster), sources)
        return restored


def _time(heard: Iterable[WorkloadEdges]) -> Millis:
    """How far event time had come in the cluster that is behind the others."""
    clocks: dict[str, Clock] = defaultdict(Clock)
    for record in heard:
        for source in record.sources:
            clocks[record.cluster].hear(source.node, source.interval_end)
    return min((clock.time() for clock in clocks.values()), default=NEVER)
