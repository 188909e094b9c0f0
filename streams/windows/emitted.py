"""Reads back what was emitted to one partition of `netpol.workload-windows`: the changelog of the windows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.framing import Reader
from schemas.kafka import KafkaSettings, TopicPartition, consumer, end_offsets
from schemas.reading import backwards, readable
from schemas.records import Millis, WorkloadWindow
from schemas.schema_store import SchemaStore
from schemas.topics import WORKLOAD_WINDOWS
from streams.windows.clock import NEVER

_READ_S: Final = 300.0
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
        topic, read = self.kafka.topic(WORKLOAD_WINDOWS), Reader(WorkloadWindow, self.store)
        client = consumer(self.kafka, "netpol-windows-unused")
        try:
            first, end = end_offsets(client, topic, [partition])[partition]
            share = TopicPartition(topic, partition, end)
            chunks: list[tuple[WorkloadWindow, ...]] = []
            for messages in backwards(client, share, first, _CHUNK, _READ_S):
                chunks.append(tuple(readable(messages, read)))
                if self._is_before_all(chunks[-1], chunks[0], now):
                    break
        finally:
            client.close()
        return tuple(window for chunk in reversed(chunks) for window in chunk)

    def _is_before_all(self, chunk: Iterable[WorkloadWindow], last: Iterable[WorkloadWindow], now: Millis) -> bool:
        """Whether the chunk was emitted before the first edge of any window that is still kept."""
        return _newest(chunk, now) + self.span < min(now, _newest(last, now)) - self.span


def _newest(windows: Iterable[WorkloadWindow], now: Millis) -> Millis:
    """The newest start; now if there is none."""
    return max((window.start for window in windows), default=now)
