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
from schemas.topics import MAX_RECORD_BYTES, WORKLOAD_EDGES
from streams.directory.inventory import Inventory
from streams.edges.answers import Answers
from streams.edges.enrich import Enriched, enrich
from streams.edges.pack import pack
from streams.edges.payload import Payloads
from streams.edges.tables import Tables
from streams.intake import Arrival, BadArrival, Output, Result, until
from streams.tally import Held, Tally

_log = logging.getLogger(__name__)
_PACKED_AT_ONCE: Final = 50
_MOST_BYTES: Final = MAX_RECORD_BYTES - 65_536
"""Of a value before compression, as the client counts it; the rest is for its frame."""


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
        self._frame = Writer(WORKLOAD_EDGES.name, WorkloadEdges, store.prefix).frame
        self._payloads = Payloads()
        self._tables: dict[str, Tables] = {}

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
        enriched = self._enriched(batches, bad)
        chunks = [enriched[start : start + _PACKED_AT_ONCE] for start in range(0, len(enriched), _PACKED_AT_ONCE)]
        outputs = tuple(output for chunk in chunks for output in self._outputs(chunk, bad))
        letters = {(letter.raw.partition, letter.raw.offset) for letter in bad}
        told = [made for arrival, made in enriched if (arrival.raw.partition, arrival.raw.offset) not in letters]
        return Result(outputs, tuple(bad), _tally(told))

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
    ) -> list[tuple[Arrival, Enriched]]:
        """All of a step under one lock, so that the directory's answers can be kept for all of it."""
        made: list[tuple[Arrival, Enriched]] = []
        with self._inventory.lock:
            answers = {cluster: self._answers(cluster, batches) for cluster in {one.cluster for _, one in batches}}
            for arrival, batch in batches:
                try:
                    made.append((arrival, enrich(batch, answers[batch.cluster])))
                except (ValueError, IndexError) as error:
                    bad.append(BadArrival(arrival.raw, f"not a usable ConnectionBatch: {error}"))
        return made

    def _answers(self, cluster: str, batches: Sequence[tuple[Arrival, ConnectionBatch]]) -> Answers:
        own = [batch for _, batch in batches if batch.cluster == cluster]
        span = (min(batch.interval_start for batch in own), max(batch.interval_end for batch in own))
        tables = self._tables.setdefault(cluster, Tables(cluster, self._partitions))
        tables.tidy()
        return Answers(self._inventory.directory(cluster), span, tables)

    def _outputs(self, enriched: Sequence[tuple[Arrival, Enriched]], bad: list[BadArrival]) -> tuple[Output, ...]:
        """Together if Kafka takes the records, else in halves; a batch's edges of a partition stay in one record."""
        outputs = tuple(
            Output(self._topic, partition, None, self._frame(payload))
            for packed in pack([made for _, made in enriched])
            for partition, payload in self._payloads(packed)
        )
        if all(len(output.value) <= _MOST_BYTES for output in outputs):
            return outputs
        if len(enriched) > 1:
            half = len(enriched) // 2
            return self._outputs(enriched[:half], bad) + self._outputs(enriched[half:], bad)
        bad.append(BadArrival(enriched[0][0].raw, "the edges of one partition are too large for a record"))
        return ()


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
        edges=sum(len(one) for one in enriched),
    )
