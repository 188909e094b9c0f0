"""What others write to our partitions of `netpol.policy-suggestions`: a member that was stopped, and did not know yet.

The group gave its partitions to us while it slept; when it wakes up it may finish a write, with less than we know.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from schemas.dead_letters import RawRecord, raw_record
from schemas.kafka import KafkaSettings, TopicPartition, consumer, end_offsets
from schemas.topics import POLICY_SUGGESTIONS

_AT_ONCE: Final = 1_000
_OPTIONS: Final[dict[str, str | float | bool]] = {"queued_max_messages_kbytes": 1024, "fetch_queue_backoff_ms": 10}


class Watch:
    """Reads our partitions from where they were restored."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._topic = settings.topic(POLICY_SUGGESTIONS)
        self._client = consumer(settings, f"{settings.topic_prefix}netpol-synthesizer-watch", **_OPTIONS)
        self._next: dict[int, int] = {}

    def ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        """The next offset of each partition."""
        return {number: end for number, (_, end) in end_offsets(self._client, self._topic, partitions).items()}

    def begin(self, offsets: Mapping[int, int]) -> None:
        """Watch these partitions too, each from its offset."""
        self._next |= offsets
        self._assign()

    def drop(self, partitions: Iterable[int]) -> None:
        """Watch these partitions no more."""
        for number in partitions:
            self._next.pop(number, None)
        self._assign()

    def foreign(self, ours: set[tuple[int, int]]) -> Iterator[RawRecord]:
        """What has come that is not ours.

        Args:
            ours: Partition and offset of each record that we wrote; those that are met are taken out.
        """
        while messages := self._client.consume(_AT_ONCE, 0):
            for message in messages:
                place = (message.partition() or 0, message.offset() or 0)
                if message.error() is not None or place[0] not in self._next:
                    continue
                self._next[place[0]] = place[1] + 1
                if place in ours:
                    ours.discard(place)
                else:
                    yield raw_record(message)

    def close(self) -> None:
        """Let go of Kafka."""
        self._client.close()

    def _assign(self) -> None:
        shares = [TopicPartition(self._topic, number, offset) for number, offset in sorted(self._next.items())]
        self._client.assign(shares)
