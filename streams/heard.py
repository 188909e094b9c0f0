"""Reads back which batches a partition of `netpol.workload-edges` had heard of before its next record."""

from dataclasses import dataclass
from typing import Final

from schemas.codec import BadRecord
from schemas.framing import Reader
from schemas.kafka import KafkaSettings, TopicPartition, consumer, end_offsets
from schemas.records import WorkloadEdges
from schemas.schema_store import SchemaStore
from schemas.topics import WORKLOAD_EDGES
from streams.emitted import until

RECORDS: Final = 500
"""How far to go back: at 50 batches a record, five times over the last batch of each of 5,000 nodes."""
_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Heard:
    """The records before the one that the group reads next.

    Attributes:
        kafka: How to reach Kafka.
        store: Schemas.
        group: Whose committed offset counts.
    """

    kafka: KafkaSettings
    store: SchemaStore
    group: str

    def __call__(self, partition: int) -> tuple[WorkloadEdges, ...]:
        """The last records that have been worked on, oldest first; raises Unavailable if they cannot be read."""
        topic = self.kafka.topic(WORKLOAD_EDGES)
        read = Reader(WorkloadEdges, self.store)
        found: list[WorkloadEdges] = []
        client = consumer(self.kafka, self.group)
        try:
            (committed,) = client.committed([TopicPartition(topic, partition)], _TIMEOUT_S)
            first, end = end_offsets(client, topic, [partition])[partition]
            before = min(committed.offset, end)
            begin = max(first, before - RECORDS)
            for message in until(client, TopicPartition(topic, partition, begin), before) if begin < before else ():
                value = message.value()
                try:
                    found.append(read(value if isinstance(value, bytes) else b""))
                except BadRecord:
                    continue  # it went to dead letters when it was worked on
        finally:
            client.close()
        return tuple(found)
