"""Reads `netpol.inventory` from its beginning to its end, then a little whenever it is asked to.

No thread: the one loop of the synthesizer asks between its cycles, so nobody sees half a change. What cannot be read
has its dead letter from `stream`; here it makes the inventory incomplete until the object is told anew.
"""

import logging
import time
from collections.abc import Iterable
from typing import Final

from schemas.codec import BadRecord
from schemas.dead_letters import raw_record
from schemas.errors import Unavailable
from schemas.framing import Reader, WriterSchemas
from schemas.kafka import KafkaError, KafkaSettings, Message, TopicPartition, consumer, require_topics
from schemas.records import InventoryObject
from schemas.topics import INVENTORY
from synthesizer.inventory.world import World

_log = logging.getLogger(__name__)
_AT_ONCE: Final = 1_000
_POLL_S: Final = 0.2
_PATIENCE_S: Final = 30.0
_BEGINNING: Final = -2
_EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001  confluent-kafka's public names of local errors begin so
_HOPELESS: Final = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "Kafka does not let us read it",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "the topic is gone",
    KafkaError._UNKNOWN_TOPIC: "the topic is gone",  # noqa: SLF001
    KafkaError._UNKNOWN_PARTITION: "the topic has fewer partitions now",  # noqa: SLF001
    KafkaError._AUTO_OFFSET_RESET: "the topic was made anew or cut; the next start reads all of it",  # noqa: SLF001
}
_OPTIONS: Final[dict[str, str | float | bool]] = {
    "enable_partition_eof": True,
    # An offset that is gone must be an error: to go on elsewhere would keep objects that nobody publishes any more.
    "auto_offset_reset": "error",
    # What is fetched ahead is memory that is not given back.
    "queued_max_messages_kbytes": 1024,
    "fetch_queue_backoff_ms": 10,
}


class InventoryReader:
    """The inventory of one cluster, as far as the synthesizer needs it.

    Attributes:
        world: What was read so far.

    Raises:
        TopicMissing: The topic does not exist.
    """

    def __init__(self, settings: KafkaSettings, schemas: WriterSchemas) -> None:
        (partitions,) = require_topics(settings, [INVENTORY]).values()
        self._read = Reader(InventoryObject, schemas)
        self._unread = set(range(partitions))
        self.world = World(settings.cluster, partitions)
        self._topic = settings.topic(INVENTORY)
        self._client = consumer(settings, f"{settings.topic_prefix}netpol-synthesizer-inventory", **_OPTIONS)
        self._client.assign([TopicPartition(self._topic, number, _BEGINNING) for number in range(partitions)])

    def read_to_end(self) -> None:
        """All there is at this moment; raises Unavailable after 30 s without any progress."""
        deadline = time.monotonic() + _PATIENCE_S
        while self._unread:
            messages = self._client.consume(_AT_ONCE, _POLL_S)
            if messages:
                deadline = time.monotonic() + _PATIENCE_S
            elif time.monotonic() > deadline:
                raise Unavailable(f"{self._topic} does not come to its end; partitions {sorted(self._unread)} miss")
            self._take(messages)

    def catch_up(self) -> None:
        """What has come since; raises Unavailable if it cannot be followed any more."""
        while messages := self._client.consume(_AT_ONCE, 0):
            self._take(messages)

    def close(self) -> None:
        """Let go of Kafka."""
        self._client.close()

    def _take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            error = message.error()
            if error is None:
                self._apply(message)
            elif error.code() == _EOF:
                self._unread.discard(message.partition() or 0)
            elif error.fatal() or error.code() in _HOPELESS:
                why = _HOPELESS.get(error.code(), error.str())
                raise Unavailable(f"the inventory cannot be read: {why} ({error.str()})")
            else:
                _log.warning("reading the inventory: %s", error.str())

    def _apply(self, message: Message) -> None:
        raw = raw_record(message)
        key = (raw.key or b"").decode(errors="replace")
        if raw.value is None:
            self.world.forget(key)
            return
        try:
            item = self._read(raw.value)
        except BadRecord as error:
            _log.warning("inventory record %s at %d of partition %d: %s", key, raw.offset, raw.partition, error)
            self.world.unreadable(key)
        else:
            self.world.apply(item, raw.partition)
