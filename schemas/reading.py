"""A part of a topic, from one offset to another: for programs that begin with what was written before."""

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final, TypeVar

from schemas.codec import BadRecord
from schemas.errors import Unavailable
from schemas.framing import Reader
from schemas.kafka import Consumer, KafkaError, Message, TopicPartition

T = TypeVar("T")
_AT_ONCE: Final = 500
_POLL_S: Final = 0.2
_NEVER: Final = 1 << 62
_AT_END: Final = KafkaError._PARTITION_EOF  # noqa: SLF001  confluent-kafka's public name for it begins with an underscore


def until(client: Consumer, topic: str, spans: Mapping[int, tuple[int, int]], within_s: float) -> Iterator[Message]:
    """Messages of partitions, each from its first offset up to, not including, its end; in order within a partition.

    Raises:
        Unavailable: Not all of them came within the time, in seconds.
    """
    left = {partition: end for partition, (first, end) in spans.items() if end > first}
    client.assign([TopicPartition(topic, partition, spans[partition][0]) for partition in left])
    deadline = time.monotonic() + within_s
    while left:
        if time.monotonic() > deadline:
            raise Unavailable(f"{topic} could not be read to its end in {within_s:.0f} s")
        for message in client.consume(_AT_ONCE, _POLL_S):
            if message.error() is not None:
                continue
            partition, following = message.partition() or 0, (message.offset() or 0) + 1
            if following <= spans[partition][1]:
                yield message
            if following >= left.get(partition, _NEVER):
                left.pop(partition)


def to_end(client: Consumer, topic: str, spans: Mapping[int, tuple[int, int]], patience_s: float) -> Iterator[Message]:
    """The same for a topic whose records may be compacted away, the one before the end too; for as long as some come.

    Args:
        client: Reads; made with `enable_partition_eof`.
        topic: Its full name.
        spans: First offset and end of each partition.
        patience_s: Seconds without any record.

    Raises:
        Unavailable: No record came for so long.
    """
    left = {partition: end for partition, (first, end) in spans.items() if end > first}
    client.assign([TopicPartition(topic, partition, spans[partition][0]) for partition in left])
    deadline = time.monotonic() + patience_s
    while left:
        messages = client.consume(_AT_ONCE, _POLL_S)
        if not messages and time.monotonic() > deadline:
            raise Unavailable(f"{topic} does not come to its end; partitions {sorted(left)} are missing")
        for message in messages:
            partition, following = message.partition() or 0, (message.offset() or 0) + 1
            error = message.error()
            if error is not None:
                if error.code() == _AT_END:
                    left.pop(partition, None)
                continue
            deadline = time.monotonic() + patience_s
            if following <= spans[partition][1]:
                yield message
            if following >= left.get(partition, _NEVER):
                left.pop(partition)


def backwards(
    client: Consumer, share: TopicPartition, first: int, size: int, within_s: float
) -> Iterator[tuple[Message, ...]]:
    """Messages of a partition in chunks, the newest chunk first, in order within each.

    Args:
        client: Reads.
        share: Topic and partition, and the offset before which to begin.
        first: The offset to end at, inclusive.
        size: Of a chunk, in offsets.
        within_s: For each chunk, as of `until`.

    Raises:
        Unavailable: A chunk could not be read in time.
    """
    for stop, begin in pairwise((*range(share.offset, first, -size), first)):
        yield tuple(until(client, share.topic, {share.partition: (begin, stop)}, within_s))


def readable(messages: Iterable[Message], read: Reader[T]) -> Iterator[T]:
    """Their records; those that cannot be read are left out, for whoever works on them writes their dead letters."""
    for message in messages:
        value = message.value()
        try:
            record = read(value if isinstance(value, bytes) else b"")
        except BadRecord:
            continue
        yield record
