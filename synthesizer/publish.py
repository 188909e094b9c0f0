"""Suggestions to their topic, each to the partition that its windows came from."""

from collections.abc import Iterable
from typing import Final

from schemas.errors import Unavailable
from schemas.framing import Prefix, Writer
from schemas.kafka import KafkaSettings, producer
from schemas.records import PolicySuggestion
from schemas.topics import MAX_RECORD_BYTES, POLICY_SUGGESTIONS
from synthesizer.book import Entry

_FLUSH_S: Final = 30.0


class Publisher:
    """The producer of suggestions."""

    def __init__(self, settings: KafkaSettings, prefix: Prefix) -> None:
        self._topic = settings.topic(POLICY_SUGGESTIONS)
        self._write = Writer(POLICY_SUGGESTIONS.name, PolicySuggestion, prefix)
        self._producer = producer(settings, message_max_bytes=MAX_RECORD_BYTES)
        self._failures: list[str] = []

    def publish(self, entries: Iterable[Entry]) -> None:
        """Send the suggestions and wait until all are acknowledged; raises Unavailable if one is not."""
        for entry in entries:
            if entry.suggestion is not None:
                self._send(entry.suggestion, entry.partition)
        left = self._producer.flush(_FLUSH_S)
        if left or self._failures:
            why = self._failures[0] if self._failures else f"no answer in {_FLUSH_S:.0f} s"
            raise Unavailable(f"Kafka did not take {left + len(self._failures)} suggestions: {why}")

    def _send(self, suggestion: PolicySuggestion, partition: int) -> None:
        value = self._write(suggestion)
        while True:
            try:
                self._producer.produce(
                    self._topic, key=suggestion.key, value=value, partition=partition, on_delivery=self._delivered
                )
            except BufferError:
                self._producer.poll(0.5)
            else:
                self._producer.poll(0)
                return

    def _delivered(self, error: object, _message: object) -> None:
        if error is not None:
            self._failures.append(str(error))
