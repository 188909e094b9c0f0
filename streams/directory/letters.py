"""Dead letters of a topic that is read again at every start: one letter for each bad record."""

import time
from collections.abc import Sequence
from typing import Final

from schemas.dead_letters import DeadLetters, RawRecord
from schemas.errors import Unavailable
from schemas.kafka import Consumer, KafkaException, TopicPartition, committed_offsets

_PATIENCE_S: Final = 20.0
_PAUSE_S: Final = 0.5


class Letters:
    """Remembers in the offsets of the client's group up to where letters have been written.

    Several workers share them. Those that meet a new bad record at the same time each write a letter for it, with the
    same topic, partition and offset. Kafka forgets the offsets of an idle group after a time
    (`offsets.retention.minutes`); the next start then writes the letters once more.

    Args:
        client: Reads the topic; it does not commit otherwise.
        shares: The topic's partitions.
        dead_letters: Where they go.

    Attributes:
        unusable: Bad records met.
        written: Letters written for them.
    """

    def __init__(self, client: Consumer, shares: Sequence[TopicPartition], dead_letters: DeadLetters) -> None:
        self._client, self._dead_letters = client, dead_letters
        self._told = committed_offsets(client, shares[0].topic, [one.partition for one in shares])
        self._pending: dict[int, TopicPartition] = {}
        self.unusable = 0
        self.written = 0

    def add(self, raw: RawRecord, reason: str) -> None:
        """Count a bad record; the first time it is met, queue its letter."""
        self.unusable += 1
        if raw.offset >= self._told.get(raw.partition, 0):
            self.written += 1
            self._dead_letters.send(raw, reason)
            self._told[raw.partition] = raw.offset + 1
            self._pending[raw.partition] = TopicPartition(raw.topic, raw.partition, raw.offset + 1)

    def flush(self) -> None:
        """Wait until the letters are safe, and remember that; raises Unavailable if Kafka takes either not."""
        if not self._pending:
            return
        self._dead_letters.flush()
        self._commit(list(self._pending.values()))
        self._pending.clear()

    def _commit(self, offsets: list[TopicPartition]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._client.commit(offsets=offsets, asynchronous=False)
            except KafkaException as error:
                if time.monotonic() > deadline:
                    raise Unavailable(f"Kafka keeps no offsets of dead letters: {error.args[0].str()}") from error
                time.sleep(_PAUSE_S)
            else:
                return
