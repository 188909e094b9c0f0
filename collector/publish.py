"""The way to `netpol.connections`: in order, acknowledged, and every batch that is not is counted."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from collector.spool import Delivered, Held, Loss, Spool, Waiting
from collector.spool_files import BrokenFile, Outgoing
from schemas.framing import Prefix, Writer
from schemas.kafka import KafkaError, KafkaException, KafkaSettings, Producer, producer
from schemas.records import ConnectionBatch
from schemas.topics import CONNECTIONS, MAX_RECORD_BYTES

LOG: Final = logging.getLogger(__name__)
_LINGER_S: Final = 0.1

# What librdkafka gets at a time. What it has may have been delivered, so it is not for the spool to drop; and after an
# outage a node sends at most so much a poll, however many nodes find Kafka back in the same second.
_WINDOW: Final = Held(batches=16, size=MAX_RECORD_BYTES)

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


def batch_producer(settings: KafkaSettings) -> Producer:
    """A producer that keeps trying for as long as Kafka is away."""
    return producer(settings, message_timeout_ms=0, message_max_bytes=MAX_RECORD_BYTES)


@dataclass(frozen=True, slots=True)
class PublishState:
    """What a publisher has done and holds, for metrics and health.

    Attributes:
        acknowledged_batches: Batches that Kafka has acknowledged, since the start.
        acknowledged_bytes: Their bytes before compression.
        acknowledged_at: When it last did, on the publisher's clock, in seconds; None if never.
        in_memory: What waits in memory.
        in_files: What waits in the spool directory.
    """

    acknowledged_batches: int
    acknowledged_bytes: int
    acknowledged_at: float | None
    in_memory: Held
    in_files: Held


@dataclass(frozen=True, slots=True)
class Way:
    """How batches get to Kafka.

    Attributes:
        make: A new producer.
        topic: Full name of the topic.
        prefix: What is put before a payload.
        is_open: Whether Kafka is ready for the first record; what it raises ends the program.
    """

    make: Callable[[], Producer]
    topic: str
    prefix: Prefix
    is_open: Callable[[], bool] = lambda: True


class Publisher:
    """Sends batches in order and keeps each until Kafka has acknowledged it.

    Attributes:
        losses: Connections not delivered, by stage, since the start.
    """

    def __init__(self, way: Way, spool: Spool, clock: Callable[[], float] = time.monotonic) -> None:
        self._way = way
        self._write = Writer(CONNECTIONS.name, ConnectionBatch, way.prefix)
        self._spool = spool
        self._window_bytes = min(_WINDOW.size, spool.memory_bytes // 4)
        self._clock = clock
        self._producer = way.make()
        self._generation = 0
        self._broken = False
        self._acknowledged = Held()
        self._acknowledged_at: float | None = None
        self.losses: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """Batches that Kafka has not acknowledged."""
        return len(self._spool)

    @property
    def state(self) -> PublishState:
        """What was done and what waits; may be asked from any thread."""
        done, spool = self._acknowledged, self._spool
        return PublishState(done.batches, done.size, self._acknowledged_at, spool.in_memory, spool.in_files)

    def has_room(self) -> bool:
        """Whether a record of the largest size would be kept in memory."""
        return self._spool.has_room()

    def publish(self, batch: ConnectionBatch, delivered: Delivered | None = None) -> None:
        """Send a batch after all before it; if the spool has no room, what is given up is counted in `losses`.

        Args:
            batch: What to send.
            delivered: Called once, when Kafka has acknowledged it, from `poll` or `close`; never if it is lost,
                or is left to the next start.
        """
        outgoing = Outgoing(batch.key, self._write(batch), sum(batch.connections.counts))
        for loss in self._spool.put(outgoing, delivered):
            self._lose(loss)
        self.poll()

    def poll(self, timeout_s: float = 0.0) -> None:
        """Take acknowledgements, and hand over what has its turn."""
        self._send()
        self._producer.poll(timeout_s)
        if self._broken:
            self._replace()
        self._spool.sync()
        self._send()

    def close(self, timeout_s: float) -> int:
        """Wait for the last acknowledgements, then keep the rest in the spool directory; how many batches are lost."""
        deadline = time.monotonic() + timeout_s
        while self.waiting and time.monotonic() < deadline:
            self.poll(_LINGER_S)
        kept, lost = self._spool.close()
        if kept:
            LOG.warning("%d batches that Kafka did not take are in the spool directory for the next start", kept)
        return lost

    def _send(self) -> None:
        while self._way.is_open() and (waiting := self._spool.head()) is not None and self._in_window(waiting):
            try:
                self._produce(waiting, self._spool.read(waiting))
            except BrokenFile as reason:
                self._lose(self._spool.skip(reason))
                continue
            except BufferError:  # librdkafka's queue is full: the next poll tries again, in the same order
                return
            except KafkaException as error:
                if self._ends_producer(error.args[0]):
                    return
                self._spool.hand_over()
                self._refused(waiting.number, error.args[0])
                continue
            self._spool.hand_over()

    def _in_window(self, waiting: Waiting) -> bool:
        on_the_way = self._spool.on_the_way
        fits = on_the_way.batches < _WINDOW.batches and on_the_way.size + waiting.place.size <= self._window_bytes
        return fits or on_the_way.batches == 0

    def _produce(self, waiting: Waiting, outgoing: Outgoing) -> None:
        generation = self._generation

        def answered(error: KafkaError | None, _message: object) -> None:
            if generation == self._generation:
                self._answered(waiting, outgoing.size, error)

        self._producer.produce(self._way.topic, key=outgoing.key, value=outgoing.value, on_delivery=answered)

    def _answered(self, waiting: Waiting, size: int, error: KafkaError | None) -> None:
        if error is None:
            self._spool.let_go(waiting.number)
            self._acknowledged = Held(self._acknowledged.batches + 1, self._acknowledged.size + size)
            self._acknowledged_at = self._clock()
            if waiting.delivered is not None:
                waiting.delivered()
        elif not self._ends_producer(error):
            self._refused(waiting.number, error)

    def _ends_producer(self, error: KafkaError) -> bool:
        """Whether the producer can send no more: a new one will send everything that was not acknowledged."""
        ends = error.fatal() or error.code() in _REPLACE
        self._broken = self._broken or ends
        return ends

    def _refused(self, number: int, error: KafkaError) -> None:
        self._lose(Loss("delivery_failed", self._spool.let_go(number).place.connections, error.str()))

    def _replace(self) -> None:
        LOG.error("Kafka's producer had to be replaced; %d batches are sent again", self._spool.on_the_way.batches)
        self._generation += 1
        self._producer = self._way.make()
        self._broken = False
        self._spool.take_back()

    def _lose(self, loss: Loss) -> None:
        LOG.warning("a batch of %d connections is lost: %s (%s)", loss.connections, loss.stage, loss.reason)
        self.losses[loss.stage] = self.losses.get(loss.stage, 0) + loss.connections
