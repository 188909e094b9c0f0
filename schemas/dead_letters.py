"""The way out for records that cannot be used: kept with their reason in `netpol.dead-letters`."""

from dataclasses import dataclass
from typing import Final

from schemas.errors import Unavailable
from schemas.framing import Writer
from schemas.kafka import KafkaSettings, Message, producer
from schemas.records import DeadLetter, now_ms
from schemas.topics import DEAD_LETTERS

_FLUSH_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as Kafka gave it.

    Attributes:
        topic: Its topic.
        partition: Its partition.
        offset: Its offset.
        key: Its key, None if it has none.
        value: Its value, None for a tombstone.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


def raw_record(message: Message) -> RawRecord:
    """A confluent-kafka message as a raw record."""
    key, value = message.key(), message.value()
    return RawRecord(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        key.encode() if isinstance(key, str) else key,
        value.encode() if isinstance(value, str) else value,
    )


class DeadLetters:
    """A program's producer of dead letters; counts them by topic."""

    def __init__(self, settings: KafkaSettings, program: str) -> None:
        self._program = program
        self._topic = settings.topic(DEAD_LETTERS)
        self._write = Writer(DEAD_LETTERS.name, DeadLetter)
        self._producer = producer(settings)
        self._failed = 0
        self.counts: dict[str, int] = {}

    def send(self, raw: RawRecord, reason: str) -> None:
        """Queue one dead letter; it is safe in Kafka after `flush`."""
        letter = DeadLetter(raw.topic, raw.partition, raw.offset, reason, raw.key, raw.value, self._program, now_ms())
        self.counts[raw.topic] = self.counts.get(raw.topic, 0) + 1
        self._producer.produce(self._topic, key=raw.key, value=self._write(letter), on_delivery=self._delivered)

    def flush(self) -> None:
        """Wait until every letter is acknowledged; raises Unavailable if one is not, so that nothing is committed."""
        left = self._producer.flush(_FLUSH_S)
        if left or self._failed:
            raise Unavailable(f"{left + self._failed} dead letters were not taken by Kafka")

    def _delivered(self, error: object, _message: object) -> None:
        self._failed += error is not None
