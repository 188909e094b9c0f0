"""Reads back which batches a partition of `netpol.workload-edges` had heard of before its next record."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.framing import Reader
from schemas.kafka import KafkaSettings, TopicPartition, committed_offsets, consumer, end_offsets
from schemas.reading import backwards, readable
from schemas.records import Millis, WorkloadEdges
from schemas.schema_store import SchemaStore
from schemas.topics import WORKLOAD_EDGES

_CHUNK: Final = 500
_MOST: Final = 4 * _CHUNK
"""How far to go back at most. A record of each step, five a second, of a worker that is not behind: some minutes."""
_READ_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Heard:
    """The records before the one that the group reads next.

    Attributes:
        kafka: How to reach Kafka.
        store: Schemas.
        group: Whose committed offset counts.
        span: How far back in event time they matter, milliseconds.
    """

    kafka: KafkaSettings
    store: SchemaStore
    group: str
    span: Millis

    def __call__(self, partition: int) -> tuple[WorkloadEdges, ...]:
        """The last records that have been worked on, oldest first; raises Unavailable if they cannot be read."""
        topic, read = self.kafka.topic(WORKLOAD_EDGES), Reader(WorkloadEdges, self.store)
        client = consumer(self.kafka, self.group)
        try:
            committed = committed_offsets(client, topic, [partition])
            first, end = end_offsets(client, topic, [partition])[partition]
            before = TopicPartition(topic, partition, min(committed.get(partition, first), end))
            first = max(first, before.offset - _MOST)
            chunks: list[tuple[WorkloadEdges, ...]] = []
            for messages in backwards(client, before, first, _CHUNK, _READ_S):
                chunks.append(tuple(readable(messages, read)))
                if _newest(chunks[-1]) < _newest(chunks[0]) - self.span:
                    break
        finally:
            client.close()
        return tuple(record for chunk in reversed(chunks) for record in chunk)


def _newest(records: Iterable[WorkloadEdges]) -> Millis:
    """The newest end of a batch."""
    return max((source.interval_end for record in records for source in record.sources), default=0)
