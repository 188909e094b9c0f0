"""What `netpol.inventory` says, as a reader of the compacted topic has it, told apart from its heartbeats."""

from contextlib import closing

from schemas.framing import Reader
from schemas.kafka import KafkaSettings, TopicPartition, consumer, require_topics
from schemas.records import Heartbeat, InventoryObject
from schemas.topics import INVENTORY


class InventoryReader:
    """Follows the topic; `records` keeps every record, `now` the latest of each key."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._client = consumer(kafka, "test-inventory")
        self._read = Reader(InventoryObject)
        (partitions,) = require_topics(kafka, [INVENTORY]).values()
        self._client.assign([TopicPartition(kafka.topic(INVENTORY), number, 0) for number in range(partitions)])
        self.records: list[tuple[str, InventoryObject | None]] = []
        self.now: dict[str, InventoryObject] = {}
        self.tombstones: list[str] = []
        self.beats: list[int] = []

    def poll(self, quiet_s: float = 0.2) -> "InventoryReader":
        """Read until nothing but heartbeats comes for a while."""
        while messages := [one for one in self._client.consume(500, quiet_s) if one.error() is None]:
            if not sum(self._take(message) for message in messages):
                break
        return self

    def find(self, kind: str, name: str) -> InventoryObject | None:
        """The object, alive or closed."""
        self.poll()
        return next((item for item in self.now.values() if (item.kind, item.name) == (kind, name)), None)

    def living(self, kind: str) -> list[str]:
        """Names of those that are there."""
        self.poll()
        return sorted(item.name for item in self.now.values() if item.kind == kind and not item.deleted)

    def written(self, kind: str, name: str) -> list[InventoryObject]:
        """Everything that was ever written of an object."""
        self.poll()
        return [item for _, item in self.records if item is not None and (item.kind, item.name) == (kind, name)]

    def last_beat(self) -> int:
        """Up to when the inventory says to be complete; 0 if it does not."""
        self.poll()
        return max(self.beats, default=0)

    def close(self) -> None:
        """End the reader."""
        self._client.close()

    def _take(self, message) -> bool:
        key, value = message.key().decode(), message.value()
        item = self._read(value) if value is not None else None
        if item is not None and isinstance(item.body, Heartbeat):
            self.beats.append(item.body.time)
            return False
        self.records.append((key, item))
        if item is None:
            self.now.pop(key, None)
            self.tombstones.append(key)
        else:
            self.now[key] = item
        return True


def reading(kafka: KafkaSettings) -> closing:
    """A reader that is closed at the end of a block."""
    return closing(InventoryReader(kafka))
