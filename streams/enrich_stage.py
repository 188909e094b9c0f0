"""First stage: `netpol.connections` to `netpol.workload-edges`, once the inventory is up to date."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from schemas.codec import BadRecord
from schemas.framing import Reader, Writer
from schemas.kafka import KafkaSettings
from schemas.records import ConnectionBatch, WorkloadEdges, counts_of
from schemas.schema_store import SchemaStore
from schemas.topics import WORKLOAD_EDGES
from streams.enrich import Enriched, enrich
from streams.intake import Arrival, BadArrival, Output, Result, until
from streams.inventory import Inventory
from streams.pack import pack
from streams.tally import Held, Tally

_log = logging.getLogger(__name__)
_PACKED_AT_ONCE: Final = 50


class EnrichStage:
    """Enriches batches as of their own time.

    Args:
        kafka: For the names of topics.
        store: Schemas.
        inventory: Who held an address.
        partitions: Of `netpol.workload-edges`.
        wait_s: The longest that a batch waits for the inventory, counted from the last arrival of those taken with it.
    """

    def __init__(
        self, kafka: KafkaSettings, store: SchemaStore, inventory: Inventory, partitions: int, wait_s: float
    ) -> None:
        self._inventory = inventory
        self._partitions = partitions
        self._wait_s = wait_s
        self._told: set[str] = set()
        self._topic = kafka.topic(WORKLOAD_EDGES)
        self._read = Reader(ConnectionBatch, store)
        self._write = Writer(WORKLOAD_EDGES.name, WorkloadEdges, store.prefix)

    async def begin(self, partitions: frozenset[int]) -> None:
        """Nothing of partitions is kept between steps."""

    def held(self) -> Held:
        """Nothing."""
        return Held()

    async def step(self, arrivals: tuple[Arrival, ...]) -> Result:
        """One record for each partition out of every fifty batches."""
        bad: list[BadArrival] = []
        batches = list(self._decoded(arrivals, bad))
        await self._inventory_passed([batch for _, batch in batches], arrivals)
        enriched = list(self._enriched(batches, bad))
        chunks = [enriched[start : start + _PACKED_AT_ONCE] for start in range(0, len(enriched), _PACKED_AT_ONCE)]
        outputs = tuple(output for chunk in chunks for output in self._outputs(chunk))
        return Result(outputs, tuple(bad), _tally(enriched))

    def _decoded(self, arrivals: Sequence[Arrival], bad: list[BadArrival]) -> Iterator[tuple[Arrival, ConnectionBatch]]:
        for arrival in arrivals:
            try:
                yield arrival, self._read(arrival.raw.value or b"")
            except BadRecord as error:
                bad.append(BadArrival(arrival.raw, str(error)))

    async def _inventory_passed(self, batches: Sequence[ConnectionBatch], arrivals: Sequence[Arrival]) -> None:
        deadline = max(arrival.received for arrival in arrivals) + self._wait_s
        await until(
            lambda: all(self._inventory.watermark(batch.cluster) >= batch.interval_end for batch in batches), deadline
        )
        self._tell_missing(batches)

    def _tell_missing(self, batches: Sequence[ConnectionBatch]) -> None:
        """Once for each cluster of which nothing has come, since all its edges will be unresolved."""
        for cluster in sorted({batch.cluster for batch in batches} - self._told):
            if not self._inventory.watermark(cluster):
                self._told.add(cluster)
                _log.warning("no inventory for cluster %s: is `follow` running with the same --cluster?", cluster)

    def _enriched(
        self, batches: Sequence[tuple[Arrival, ConnectionBatch]], bad: list[BadArrival]
    ) -> Iterator[Enriched]:
        for arrival, batch in batches:
            try:
                with self._inventory.lock:
                    made = enrich(batch, self._inventory.directory(batch.cluster))
            except (ValueError, IndexError) as error:
                bad.append(BadArrival(arrival.raw, f"not a usable ConnectionBatch: {error}"))
            else:
                yield made

    def _outputs(self, enriched: Sequence[Enriched]) -> Iterator[Output]:
        for partition, record in pack(enriched, self._partitions):
            yield Output(self._topic, partition, None, self._write(record))


def _tally(enriched: Sequence[Enriched]) -> Tally:
    unresolved: Counter[str] = Counter()
    ignored: Counter[str] = Counter()
    for one in enriched:
        unresolved.update(dict(one.source.unresolved))
        ignored.update(dict(one.source.ignored))
    return Tally(
        batches=len(enriched),
        connections=sum(one.connections for one in enriched),
        used=sum(one.used for one in enriched),
        unresolved=counts_of(unresolved),
        ignored=counts_of(ignored),
        edges=sum(len(one.observations) for one in enriched),
    )
