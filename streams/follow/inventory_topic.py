"""`netpol.inventory` as `follow` uses it: read to the end at the start, then written."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from schemas.codec import BadRecord
from schemas.errors import Unavailable
from schemas.framing import Reader, Writer
from schemas.kafka import KafkaSettings, Message, Producer, consumer, end_offsets, producer
from schemas.kafka import require_topics as required
from schemas.reading import until
from schemas.records import Heartbeat, InventoryObject, Millis
from schemas.schema_store import SchemaStore
from schemas.topics import INVENTORY, SCHEMAS
from streams.objects.thrift import thrifty

_READ_S: Final = 300.0
_FLUSH_S: Final = 60.0
_TIMEOUT_MS: Final = 30_000
"""A record that Kafka does not take for so long is given up, and the program ends: it may not be the leader by then."""
_BY_KEY: Final = -1
"""librdkafka chooses the partition by the key."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the topic holds of the cluster.

    Attributes:
        objects: Each with when it was written.
        complete: Up to when it was complete; 0 if nobody said.
    """

    objects: tuple[tuple[InventoryObject, Millis], ...]
    complete: Millis


class InventoryTopic:
    """Reads and writes one cluster's records.

    Args:
        settings: How to reach Kafka.
        permit: Called before each record; returns once it may be written.

    Raises:
        Unavailable: Kafka or a topic is not there.
    """

    def __init__(self, settings: KafkaSettings, permit: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._permit = permit
        self._name = settings.topic(INVENTORY)
        self._partitions = required(settings, [INVENTORY, SCHEMAS])[self._name]
        self._store = SchemaStore(settings)
        self._store.publish([InventoryObject])
        self._write = Writer(INVENTORY.name, InventoryObject, self._store.prefix)
        self._producer: Producer = producer(settings, message_timeout_ms=_TIMEOUT_MS)
        self._failed = 0

    def read(self) -> Held:
        """The latest of each key; raises Unavailable if the topic cannot be read to its end in five minutes."""
        read = Reader(InventoryObject, self._store)
        found: dict[str, tuple[InventoryObject, Millis]] = {}
        beats: dict[int, Millis] = {}
        for message in self._to_end():
            key, value = message.key(), message.value()
            try:
                item = read(value) if isinstance(value, bytes) else None
            except BadRecord:
                continue  # the stream workers send it to dead letters
            if item is None:
                found.pop(key.decode(errors="replace") if isinstance(key, bytes) else str(key), None)
            elif item.cluster == self._settings.cluster:
                if isinstance(item.body, Heartbeat):
                    beats[message.partition() or 0] = item.body.time
                else:
                    found[item.key] = (thrifty(item), message.timestamp()[1])
        return Held(tuple(found.values()), min(beats.values(), default=0))

    def send(self, item: InventoryObject) -> None:
        """Hand an object to the producer."""
        self._produce(item.key, self._write(item))

    def forget(self, keys: Iterable[str]) -> None:
        """Hand tombstones to the producer."""
        for key in keys:
            self._produce(key, None)

    def heartbeat(self, time_ms: Millis, since_ms: Millis = 0) -> None:
        """Say in each partition that everything up to the moment is written, once Kafka has what was sent before.

        Args:
            time_ms: The moment.
            since_ms: From when on nothing that happened was missed, 0 if that is not known.
        """
        self.flush()
        for partition in range(self._partitions):
            complete = beat(self._settings.cluster, partition, time_ms, since_ms)
            self._produce(complete.key, self._write(complete), partition)
        self.flush()

    def flush(self) -> None:
        """Wait until Kafka has all that was sent; raises Unavailable if it does not take it within a minute."""
        left = self._producer.flush(_FLUSH_S)
        if left or self._failed:
            where = self._settings.brokers
            raise Unavailable(f"Kafka at {where} did not take {left + self._failed} inventory records")

    def drop(self) -> None:
        """Take back what Kafka does not have yet: another writes now."""
        self._producer.purge()

    def _produce(self, key: str, value: bytes | None, partition: int = _BY_KEY) -> None:
        self._permit()
        while True:
            try:
                self._producer.produce(self._name, value, key, partition, on_delivery=self._delivered)
            except BufferError:
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return

    def _delivered(self, error: object, _message: object) -> None:
        self._failed += error is not None

    def _to_end(self) -> Iterator[Message]:
        client = consumer(self._settings, "netpol-inventory-unused")
        try:
            yield from until(client, self._name, end_offsets(client, self._name, range(self._partitions)), _READ_S)
        finally:
            client.close()


def beat(cluster: str, partition: int, time_ms: Millis, since_ms: Millis = 0) -> InventoryObject:
    """What a partition says to be complete up to a moment, and from when on, 0 if that is not known."""
    return InventoryObject(cluster, "Heartbeat", "", str(partition), Heartbeat(time_ms, since_ms))
