"""Reads what the programs publish, and keeps the tally that the demo shows."""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from schemas.errors import Unavailable
from schemas.framing import Reader
from schemas.kafka import KafkaSettings, Message, TopicPartition, consumer, require_topics
from schemas.records import ConnectionBatch, Connections, DeadLetter, PolicySuggestion, WorkloadRef, WorkloadWindow
from schemas.topics import CONNECTIONS, DEAD_LETTERS, POLICY_SUGGESTIONS, WORKLOAD_WINDOWS

Shown: TypeAlias = ConnectionBatch | WorkloadWindow | PolicySuggestion | DeadLetter

_TOPICS: Final = (CONNECTIONS, WORKLOAD_WINDOWS, POLICY_SUGGESTIONS, DEAD_LETTERS)
_AT_ONCE: Final = 500


@dataclass(slots=True)
class Tally:
    """What has been published so far.

    Attributes:
        local: Whose connections are counted: packed addresses; the machine may have others.
        connections: Counted by the collector, at either end.
        workloads: Those that have a window.
        suggestions: The latest of each workload.
        dead_letters: Why records were set aside.
        lost: Connections that the collector says it lost.
    """

    local: frozenset[bytes] = frozenset()
    connections: int = 0
    workloads: set[WorkloadRef] = field(default_factory=set)
    suggestions: dict[WorkloadRef, PolicySuggestion] = field(default_factory=dict)
    dead_letters: list[str] = field(default_factory=list)
    lost: int = 0

    def take(self, record: Shown) -> None:
        """Count one record."""
        match record:
            case ConnectionBatch():
                self.connections += self._counted(record.connections)
                self.lost = sum(count for _, count in record.losses)
            case WorkloadWindow():
                self.workloads.add(record.workload.ref)
            case PolicySuggestion():
                self.suggestions[record.workload.ref] = record
            case DeadLetter():
                self.dead_letters.append(record.reason)

    def _counted(self, seen: Connections) -> int:
        ours = [address in self.local for address in seen.addresses]
        return sum(count for local, count in zip(seen.local, seen.counts, strict=True) if ours[local])


class Watch:
    """A consumer of the topics that the demo shows, from their beginning."""

    def __init__(self, settings: KafkaSettings, tally: Tally) -> None:
        partitions = require_topics(settings, _TOPICS)
        self.tally = tally
        self._readers: dict[str, Reader[Shown]] = {settings.topic(topic): Reader(topic.record) for topic in _TOPICS}  # type: ignore[arg-type]  # the table's records are these four
        self._consumer = consumer(settings, "network-policy-demo")
        self._consumer.assign(
            [TopicPartition(name, number, 0) for name, count in partitions.items() for number in range(count)]
        )

    def poll(self, timeout_s: float) -> int:
        """Take in what has come, waiting at most this long; how many records there were."""
        messages = self._consumer.consume(_AT_ONCE, timeout_s)
        for message in messages:
            self._take(message)
        return len(messages)

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is not None:
            raise Unavailable(f"the demo cannot read {message.topic()}: {error.str()}")
        value = message.value()
        if value is not None:
            self.tally.take(self._readers[message.topic() or ""](value))
