"""Reads `netpol.workload-windows` for a person: every partition, no group, from now on or from the beginning."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from schemas.codec import BadRecord
from schemas.errors import Unavailable
from schemas.framing import Reader
from schemas.kafka import (
    Consumer,
    KafkaSettings,
    Message,
    TopicPartition,
    consumer,
    end_offsets,
    require_topics,
)
from schemas.records import WorkloadWindow
from schemas.schema_store import SchemaStore
from schemas.topics import WORKLOAD_WINDOWS

_POLL_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record of the topic that is no window.

    Attributes:
        partition: Its partition.
        offset: Its offset.
        reason: Why, one sentence.
    """

    partition: int
    offset: int
    reason: str


def windows(
    kafka: KafkaSettings, stopped: Callable[[], bool], ready: Callable[[], None], *, from_beginning: bool
) -> Iterator[WorkloadWindow | Unreadable]:
    """Windows as they arrive, until `stopped`; `ready` is called once the position is fixed.

    Raises:
        BrokerUnavailable: No broker answers.
        TopicMissing: The topic does not exist.
        Unavailable: The broker refuses the client later on.
    """
    topic = kafka.topic(WORKLOAD_WINDOWS)
    (partitions,) = require_topics(kafka, [WORKLOAD_WINDOWS]).values()
    read = Reader(WorkloadWindow, SchemaStore(kafka))
    client = consumer(kafka, f"netpol-monitor-{uuid4().hex}")
    try:
        _assign(client, topic, partitions, from_beginning=from_beginning)
        ready()
        while not stopped():
            message = client.poll(_POLL_S)
            if message is not None and not _is_error(message):
                yield from _record(read, message)
    finally:
        client.close()


def _assign(client: Consumer, topic: str, partitions: int, *, from_beginning: bool) -> None:
    """Fix the position now, by number, so that nothing published from here on is passed over."""
    offsets = end_offsets(client, topic, range(partitions))
    begin = {partition: first if from_beginning else end for partition, (first, end) in offsets.items()}
    client.assign([TopicPartition(topic, partition, offset) for partition, offset in begin.items()])


def _record(read: Reader[WorkloadWindow], message: Message) -> Iterator[WorkloadWindow | Unreadable]:
    value = message.value()
    if value is None:
        return
    try:
        yield read(value if isinstance(value, bytes) else value.encode())
    except BadRecord as error:
        yield Unreadable(message.partition() or 0, message.offset() or 0, str(error))


def _is_error(message: Message) -> bool:
    """Whether it is one that passes; raises Unavailable if it does not."""
    error = message.error()
    if error is not None and error.fatal():
        raise Unavailable(f"Kafka ended the consumer: {error.str()}")
    return error is not None
