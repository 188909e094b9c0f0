"""Reads back what was emitted to one partition of `netpol.workload-windows`: the changelog of the windows."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from schemas.codec import BadRecord
from schemas.errors import Unavailable
from schemas.framing import Reader
from schemas.kafka import Consumer, KafkaSettings, Message, TopicPartition, consumer, end_offsets
from schemas.records import Millis, WorkloadWindow
from schemas.schema_store import SchemaStore
from schemas.topics import WORKLOAD_WINDOWS
from streams.windows.clock import NEVER

_READ_S: Final = 300.0
_AT_ONCE: Final = 500
_CHUNK: Final = 1_000


@dataclass(frozen=True, slots=True)
class Emitted:
    """The windows that may still be open.

    How far back they lie is told by the windows themselves. The clock on the wall would not do: a worker that was away
    for an hour emits what is an hour old, beside what it emitted an hour ago.

    Attributes:
        kafka: How to reach Kafka.
        store: Schemas.
        span: How far in event time a window that is emitted can begin before the newest, milliseconds.
    """

    kafka: KafkaSettings
    store: SchemaStore
    span: Millis

    def __call__(self, partition: int, now: Millis = NEVER) -> tuple[WorkloadWindow, ...]:
        """Emissions of the partition, oldest first; raises Unavailable if they cannot be read to the end.

        Args:
            partition: Of `netpol.workload-windows`.
            now: How far event time has come, if that is known.
        """
        topic = self.kafka.topic(WORKLOAD_WINDOWS)
        client = consumer(self.kafka, "netpol-windows-unused")
        try:
            first, end = end_offsets(client, topic, [partition])[partition]
            cuts = [*range(end, first, -_CHUNK), first]
            chunks: list[tuple[WorkloadWindow, ...]] = []
            for stop, begin in pairwise(cuts):
                chunks.append(self._read(client, TopicPartition(topic, partition, begin), stop))
                if self._is_before_all(chunks, now):
                    break
        finally:
            client.close()
        return tuple(window for chunk in reversed(chunks) for window in chunk)

    def _is_before_all(self, chunks: Sequence[Sequence[WorkloadWindow]], now: Millis) -> bool:
        """Whether the earliest chunk was emitted before the first edge of any window that is still kept."""
        starts = [max((window.start for window in chunk), default=now) for chunk in chunks]
        return starts[-1] + self.span < min(now, starts[0]) - self.span

    def _read(self, client: Consumer, begin: TopicPartition, end: int) -> tuple[WorkloadWindow, ...]:
        read = Reader(WorkloadWindow, self.store)
        found: list[WorkloadWindow] = []
        for message in until(client, begin, end):
            value = message.value()
            try:
                found.append(read(value if isinstance(value, bytes) else b""))
            except BadRecord:
                continue  # the synthesizer sends it to dead letters
        return tuple(found)


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
