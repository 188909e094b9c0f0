"""The way to `netpol.connections`: in order, acknowledged, and every batch that is not is counted."""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemas.framing import Prefix, Writer
from schemas.kafka import KafkaError, KafkaException, KafkaSettings, Producer, producer
from schemas.records import ConnectionBatch
from schemas.topics import CONNECTIONS, MAX_RECORD_BYTES

LOG: Final = logging.getLogger(__name__)
_LINGER_S: Final = 0.1

# After these an idempotent producer never sends again (librdkafka's INTRODUCTION, "Fatal producer errors").
_REPLACE: Final = frozenset(
    {
        KafkaError._FATAL,  # noqa: SLF001  the library's public name of its local errors begins so
        KafkaError._PURGE_QUEUE,  # noqa: SLF001  the same
        KafkaError._PURGE_INFLIGHT,  # noqa: SLF001  the same
        KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER,
        KafkaError.UNKNOWN_PRODUCER_ID,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
    }
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A batch on its way.

    Attributes:
        key: The record's key.
        value: The framed batch.
        connections: How many connections are lost if it is.
    """

    key: str
    value: bytes
    connections: int


def batch_producer(settings: KafkaSettings) -> Producer:
    """A producer that keeps trying for as long as Kafka is away."""
    return producer(settings, message_timeout_ms=0, message_max_bytes=MAX_RECORD_BYTES)


class Publisher:
    """Sends batches in order and keeps each until Kafka has acknowledged it.

    Attributes:
        losses: Connections not delivered, by stage, since the start.
    """

    def __init__(self, make: Callable[[], Producer], topic: str, prefix: Prefix, spool_bytes: int) -> None:
        self._make = make
        self._topic = topic
        self._write = Writer(CONNECTIONS.name, ConnectionBatch, prefix)
        self._spool_bytes = spool_bytes
        self._producer = make()
        self._generation = 0
        self._broken = False
        self._number = 0
        self._kept: dict[int, Outgoing] = {}
        self._kept_bytes = 0
        self._unsent: deque[int] = deque()
        self.losses: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """Batches that Kafka has not acknowledged."""
        return len(self._kept)

    def has_room(self) -> bool:
        """Whether a record of the largest size would be kept."""
        return not self._kept or self._kept_bytes + MAX_RECORD_BYTES <= self._spool_bytes

    def publish(self, batch: ConnectionBatch) -> None:
        """Send a batch, or count it as lost if the spool has no room for it."""
        outgoing = Outgoing(batch.key, self._write(batch), sum(batch.connections.counts))
        if self._kept and self._kept_bytes + len(outgoing.value) > self._spool_bytes:
            self._lose("spool_full", outgoing, f"{len(self._kept)} batches wait for Kafka")
            return
        self._kept[self._number] = outgoing
        self._kept_bytes += len(outgoing.value)
        self._unsent.append(self._number)
        self._number += 1
        self.poll()

    def poll(self, timeout_s: float = 0.0) -> None:
        """Take acknowledgements, and send what could not be sent before."""
        self._send()
        self._producer.poll(timeout_s)
        if self._broken:
            self._replace()

    def close(self, timeout_s: float) -> int:
        """Wait for the last acknowledgements; how many batches are still without."""
        deadline = time.monotonic() + timeout_s
        while self._kept and time.monotonic() < deadline:
            self.poll(_LINGER_S)
        return len(self._kept)

    def _send(self) -> None:
        while self._unsent:
            number = self._unsent[0]
            try:
                self._produce(number)
            except BufferError:  # librdkafka's queue is full: the next poll tries again, in the same order
                return
            except KafkaException as error:
                if not self._refused(number, error.args[0]):
                    return
            self._unsent.popleft()

    def _produce(self, number: int) -> None:
        generation, outgoing = self._generation, self._kept[number]

        def delivered(error: KafkaError | None, _message: object) -> None:
            if generation == self._generation:
                self._delivered(number, error)

        self._producer.produce(self._topic, key=outgoing.key, value=outgoing.value, on_delivery=delivered)

    def _delivered(self, number: int, error: KafkaError | None) -> None:
        if error is None:
            self._forget(number)
        else:
            self._refused(number, error)

    def _refused(self, number: int, error: KafkaError) -> bool:
        """Whether the batch is given up, and counted; otherwise a new producer will send it again."""
        if error.fatal() or error.code() in _REPLACE:
            self._broken = True
            return False
        self._lose("delivery_failed", self._forget(number), error.str())
        return True

    def _replace(self) -> None:
        LOG.error("Kafka's producer had to be replaced; %d batches are sent again", len(self._kept))
        self._generation += 1
        self._producer = self._make()
        self._broken = False
        self._unsent = deque(self._kept)
        self._send()

    def _forget(self, number: int) -> Outgoing:
        outgoing = self._kept.pop(number)
        self._kept_bytes -= len(outgoing.value)
        return outgoing

    def _lose(self, stage: str, outgoing: Outgoing, reason: str) -> None:
        LOG.warning("a batch of %d connections is lost: %s (%s)", outgoing.connections, stage, reason)
        self.losses[stage] = self.losses.get(stage, 0) + outgoing.connections
