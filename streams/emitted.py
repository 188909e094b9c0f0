"""Reads back what was emitted to one partition of `netpol.workload-windows`: the changelog of the windows."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schemas.codec import BadRecord
from schemas.errors import Unavailable
from schemas.framing import Reader
from schemas.kafka import Consumer, KafkaSettings, Message, TopicPartition, consumer, end_offsets
from schemas.records import Millis, WorkloadWindow
from schemas.schema_store import SchemaStore
from schemas.topics import WORKLOAD_WINDOWS

_READ_S: Final = 300.0
_AT_ONCE: Final = 500
_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Emitted:
    """The windows that may still be open.

    Attributes:
        kafka: How to reach Kafka.
        store: Schemas.
        span: How far before the newest emission the oldest open window's last emission can lie, milliseconds.
    """

    kafka: KafkaSettings
    store: SchemaStore
    span: Millis

    def __call__(self, partition: int) -> tuple[WorkloadWindow, ...]:
        """Emissions of the partition, oldest first; raises Unavailable if they cannot be read to the end."""
        read = Reader(WorkloadWindow, self.store)
        found: list[WorkloadWindow] = []
        client = consumer(self.kafka, "netpol-windows-unused")
        try:
            for message in self._messages(client, partition):
                value = message.value()
                try:
                    found.append(read(value if isinstance(value, bytes) else b""))
                except BadRecord:
                    continue  # the synthesizer sends it to dead letters
        finally:
            client.close()
        return tuple(found)

    def _messages(self, client: Consumer, partition: int) -> Iterator[Message]:
        topic = self.kafka.topic(WORKLOAD_WINDOWS)
        first, end = end_offsets(client, topic, [partition])[partition]
        if end <= first:
            return
        begin = self._begin(client, TopicPartition(topic, partition, end - 1), first)
        yield from until(client, TopicPartition(topic, partition, begin), end)

    def _begin(self, client: Consumer, last: TopicPartition, first: int) -> int:
        """Where the time span before the newest emission begins; event time stands still while nothing is emitted."""
        newest = next(until(client, last, last.offset + 1))
        since = max(newest.timestamp()[1] - self.span, 0)
        (found,) = client.offsets_for_times([TopicPartition(last.topic, last.partition, since)], _TIMEOUT_S)
        return max(first, min(found.offset, last.offset)) if found.offset >= 0 else first


def until(client: Consumer, start: TopicPartition, end: int) -> Iterator[Message]:
    """Messages from one offset up to another; raises Unavailable if they do not come."""
    client.assign([start])
    deadline = time.monotonic() + _READ_S
    position = start.offset
    while position < end:
        if time.monotonic() > deadline:
            raise Unavailable(f"{start.topic} could not be read to its end in {_READ_S:.0f} s")
        for message in client.consume(_AT_ONCE, 0.2):
            if message.error() is None:
                position = (message.offset() or 0) + 1
                if position <= end:
                    yield message
