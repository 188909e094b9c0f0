"""Suggestions, tombstones and violations to their topics, each to the partition that its windows came from."""

from collections.abc import Iterable
from typing import Final

from schemas.errors import Unavailable
from schemas.framing import Prefix, Writer
from schemas.kafka import KafkaSettings, Message, producer
from schemas.records import PolicySuggestion, PolicyViolation, WorkloadRef
from schemas.topics import MAX_RECORD_BYTES, POLICY_SUGGESTIONS, POLICY_VIOLATIONS
from synthesizer.audit.auditor import Told
from synthesizer.book import Entry

_FLUSH_S: Final = 30.0


class Publisher:
    """The producer of what follows from windows; what was sent is safe in Kafka after `flush`.

    Attributes:
        ours: Partition and offset of each record of suggestions that Kafka has from us.
    """

    def __init__(self, settings: KafkaSettings, prefix: Prefix) -> None:
        self._cluster = settings.cluster
        self._suggestions = settings.topic(POLICY_SUGGESTIONS)
        self._violations = settings.topic(POLICY_VIOLATIONS)
        self._suggestion = Writer(POLICY_SUGGESTIONS.name, PolicySuggestion, prefix)
        self._violation = Writer(POLICY_VIOLATIONS.name, PolicyViolation, prefix)
        self._producer = producer(settings, message_max_bytes=MAX_RECORD_BYTES)
        self._failures: list[str] = []
        self.ours: set[tuple[int, int]] = set()

    def suggest(self, entries: Iterable[Entry]) -> None:
        """Send suggestions."""
        for entry in entries:
            if entry.suggestion is not None:
                value = self._suggestion(entry.suggestion)
                self._send(self._suggestions, entry.suggestion.key, value, entry.partition)

    def tell(self, violations: Iterable[Told]) -> None:
        """Send violations."""
        for one in violations:
            self._send(self._violations, one.violation.key, self._violation(one.violation), one.partition)

    def bury(self, ref: WorkloadRef, partition: int) -> None:
        """Send a tombstone."""
        self._send(self._suggestions, f"{self._cluster}/{ref}", None, partition)

    def flush(self) -> None:
        """Wait until all is acknowledged; raises Unavailable if something is not."""
        left = self._producer.flush(_FLUSH_S)
        if left or self._failures:
            why = self._failures[0] if self._failures else f"no answer in {_FLUSH_S:.0f} s"
            raise Unavailable(f"Kafka did not take {left + len(self._failures)} records: {why}")

    def _send(self, topic: str, key: str, value: bytes | None, partition: int) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, partition, on_delivery=self._delivered)
            except BufferError:
                self._producer.poll(0.5)
            else:
                self._producer.poll(0)
                return

    def _delivered(self, error: object, message: Message) -> None:
        if error is not None:
            self._failures.append(str(error))
        elif message.topic() == self._suggestions:
            self.ours.add((message.partition() or 0, message.offset() or 0))
