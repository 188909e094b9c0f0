"""Dead letters of a topic that is read again at every start: one letter for each bad record."""

from collections.abc import Sequence
from typing import Final

from schemas.dead_letters import DeadLetters, RawRecord
from schemas.errors import Unavailable
from schemas.kafka import Consumer, KafkaException, TopicPartition

_TIMEOUT_S: Final = 10.0


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
        self._told = _committed(client, shares)
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
        try:
            self._client.commit(offsets=list(self._pending.values()), asynchronous=False)
        except KafkaException as error:
            raise Unavailable(f"Kafka did not take the offsets of dead letters: {error.args[0].str()}") from error
        self._pending.clear()


def _committed(client: Consumer, shares: Sequence[TopicPartition]) -> dict[int, int]:
    try:
        found = client.committed([TopicPartition(one.topic, one.partition) for one in shares], _TIMEOUT_S)
    except KafkaException as error:
        raise Unavailable(f"Kafka does not tell the offsets of dead letters: {error.args[0].str()}") from error
    return {one.partition: one.offset for one in found if one.offset >= 0}
