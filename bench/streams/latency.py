"""How long after a batch was published each of the windows that it changed was."""

from collections.abc import Iterator, Mapping
from typing import Final

from bench.streams.plan import PARTITIONS
from schemas.framing import Reader
from schemas.kafka import KafkaSettings, Message, consumer, end_offsets
from schemas.reading import until
from schemas.records import WorkloadWindow
from schemas.topics import WORKLOAD_WINDOWS

_READ_S: Final = 300.0
_SECOND_MS: Final = 1_000


def latencies(kafka: KafkaSettings, published: Mapping[tuple[str, int], float]) -> list[float]:
    """Seconds, for each window and each batch in it, until the first revision that has the batch.

    Args:
        kafka: Where the windows are.
        published: When each batch was, by node and sequence.
    """
    read, found = Reader(WorkloadWindow), dict[tuple[str, int, str, int], float]()
    for message in _all(kafka):
        window = read(message.value() or b"")
        for source in window.sources:
            batch = (source.node, source.last_sequence)
            if batch in published:
                key = (str(window.workload.ref), window.start, *batch)
                found.setdefault(key, message.timestamp()[1] / _SECOND_MS - published[batch])
    return sorted(found.values())


def quantile(values: list[float], part: float) -> float:
    """The least of the sorted values that this part of them does not exceed; 0 without any."""
    return values[min(len(values) - 1, int(part * len(values)))] if values else 0.0


def _all(kafka: KafkaSettings) -> Iterator[Message]:
    topic = kafka.topic(WORKLOAD_WINDOWS)
    client = consumer(kafka, "bench-unused")
    try:
        yield from until(client, topic, end_offsets(client, topic, range(PARTITIONS)), _READ_S)
    finally:
        client.close()
