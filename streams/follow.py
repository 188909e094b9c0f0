"""`follow`: Kubernetes objects to `netpol.inventory`, then a heartbeat that says up to when it is complete."""

import logging
import time
from collections.abc import Iterable
from typing import Final

from schemas.errors import Unavailable, UsageError
from schemas.framing import Writer
from schemas.kafka import KafkaSettings, Producer, producer, require_topics
from schemas.records import Heartbeat, InventoryObject, Millis
from schemas.schema_store import SchemaStore
from schemas.stopping import stop_event
from schemas.topics import INVENTORY, SCHEMAS
from streams.objects import load_objects
from streams.published import news, published
from streams.settings import FollowSettings

_log = logging.getLogger(__name__)
_FLUSH_S: Final = 60.0
_BY_KEY: Final = -1
"""librdkafka chooses the partition by the key."""


def run(settings: FollowSettings) -> None:
    """Publish the objects of the files, then heartbeats until SIGTERM or SIGINT.

    Raises:
        UsageError: A file cannot be used.
        Unavailable: Kafka or a topic is not there.
    """
    if not settings.objects:
        raise UsageError("nothing to follow: name files of Kubernetes objects (--objects FILE)")
    if settings.once:
        _publish(settings)
        return
    with stop_event() as stop:
        publisher = _publish(settings)
        while not stop.wait(settings.heartbeat_s):
            publisher.heartbeat(_now())


def _publish(settings: FollowSettings) -> "_Publisher":
    """The objects and a first heartbeat, and who wrote them."""
    objects = load_objects(settings.objects, settings.kafka.cluster)
    partitions = require_topics(settings.kafka, [INVENTORY, SCHEMAS])[settings.kafka.topic(INVENTORY)]
    store = SchemaStore(settings.kafka)
    store.publish([InventoryObject])
    publisher = _Publisher(settings.kafka, store, partitions)
    changed = news(objects, published(settings.kafka, store, partitions), _now())
    publisher.send(changed)
    publisher.heartbeat(_now())
    _log.info("published %d of %d objects", len(changed), len(objects))
    _log.info("follow ready")
    return publisher


class _Publisher:
    """Writes inventory records; a heartbeat goes to every partition, so that it says what each holds."""

    def __init__(self, settings: KafkaSettings, store: SchemaStore, partitions: int) -> None:
        self._cluster = settings.cluster
        self._brokers = settings.brokers
        self._topic = settings.topic(INVENTORY)
        self._write = Writer(INVENTORY.name, InventoryObject, store.prefix)
        self._producer: Producer = producer(settings)
        self._partitions = partitions
        self._failed = 0

    def send(self, objects: Iterable[InventoryObject]) -> None:
        """Write objects and wait until Kafka has them all; raises Unavailable if it does not take one."""
        for item in objects:
            self._produce(item)
        self._flush()

    def heartbeat(self, now: Millis) -> None:
        """Say that everything up to now has been written; raises Unavailable like `send`."""
        for partition in range(self._partitions):
            beat = InventoryObject(self._cluster, "Heartbeat", "", str(partition), Heartbeat(now))
            self._produce(beat, partition)
        self._flush()

    def _produce(self, item: InventoryObject, partition: int = _BY_KEY) -> None:
        while True:
            try:
                self._producer.produce(self._topic, self._write(item), item.key, partition, on_delivery=self._delivered)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def _flush(self) -> None:
        left = self._producer.flush(_FLUSH_S)
        if left or self._failed:
            raise Unavailable(f"Kafka at {self._brokers} did not take {left + self._failed} inventory records")

    def _delivered(self, error: object, _message: object) -> None:
        self._failed += error is not None


def _now() -> Millis:
    return time.time_ns() // 1_000_000
