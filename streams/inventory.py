"""Reads `netpol.inventory` from its beginning to its end, then follows it, in a thread of its own."""

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from schemas.codec import BadRecord
from schemas.dead_letters import DeadLetters, raw_record
from schemas.errors import NetpolError, Unavailable
from schemas.framing import Reader
from schemas.kafka import KafkaError, KafkaSettings, Message, TopicPartition, consumer, end_offsets, require_topics
from schemas.records import Heartbeat, InventoryObject, Millis
from schemas.schema_store import SchemaStore
from schemas.topics import INVENTORY
from streams.directory import Directory

_log = logging.getLogger(__name__)
_AT_ONCE: Final = 500
_POLL_S: Final = 0.1
_HOPELESS: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED)


@dataclass(slots=True)
class _Cluster:
    """What is known of one cluster; heartbeats are written to each partition, the last of them counts."""

    directory: Directory = field(default_factory=lambda: Directory(watermark=0))
    passed: dict[int, Heartbeat] = field(default_factory=dict)

    def heard(self, partition: int, beat: Heartbeat, partitions: int) -> None:
        """The inventory is complete from and up to the times that every partition's last heartbeat says."""
        self.passed[partition] = beat
        if len(self.passed) == partitions:
            beats = self.passed.values()
            self.directory.advance(min(one.time for one in beats), max(one.since for one in beats))


class Inventory:
    """The directories of all clusters in the topic.

    `lock` guards them: whoever asks a directory holds it.
    """

    def __init__(self, settings: KafkaSettings, store: SchemaStore, dead_letters: DeadLetters) -> None:
        self.lock = threading.Lock()
        self.ready = threading.Event()
        self.failure: Exception | None = None
        self._settings = settings
        self._read = Reader(InventoryObject, store)
        self._dead_letters = dead_letters
        self._clusters: dict[str, _Cluster] = {}
        self._partitions = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inventory", daemon=True)

    def start(self) -> None:
        """Begin to read; raises TopicMissing or BrokerUnavailable."""
        (self._partitions,) = require_topics(self._settings, [INVENTORY]).values()
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def directory(self, cluster: str) -> Directory:
        """The cluster's directory, empty if nothing is known of it; hold `lock` while asking it."""
        return self._cluster(cluster).directory

    def watermark(self, cluster: str) -> Millis:
        """The inventory is complete up to this moment; 0 if no heartbeat has come."""
        known = self._clusters.get(cluster)
        return known.directory.watermark if known is not None else 0

    def take(self, messages: Iterable[Message]) -> None:
        """Apply messages; what cannot be used goes to dead letters. Raises Unavailable if Kafka does not take those."""
        letters = False
        with self.lock:
            for message in messages:
                try:
                    self._apply(message)
                except (BadRecord, ValueError) as error:
                    self._dead_letters.send(raw_record(message), str(error))
                    letters = True
        if letters:
            self._dead_letters.flush()

    def _apply(self, message: Message) -> None:
        raw = raw_record(message)
        if raw.value is None:
            key = (raw.key or b"").decode()
            self._cluster(key.split("/", 1)[0]).directory.remove(key)
            return
        item = self._read(raw.value)
        known = self._cluster(item.cluster)
        if isinstance(item.body, Heartbeat):
            known.heard(raw.partition, item.body, self._partitions)
        known.directory.apply(item)

    def _cluster(self, cluster: str) -> _Cluster:
        return self._clusters.setdefault(cluster, _Cluster())

    def _run(self) -> None:
        try:
            self._follow()
        except Exception as error:  # noqa: BLE001  kept for the main thread, which ends the process with it
            self.failure = error
            self.ready.set()

    def _follow(self) -> None:
        topic = self._settings.topic(INVENTORY)
        client = consumer(self._settings, "netpol-inventory-unused")
        try:
            ends = end_offsets(client, topic, range(self._partitions))
            left = {partition: end for partition, (first, end) in ends.items() if end > first}
            client.assign([TopicPartition(topic, partition, first) for partition, (first, _) in ends.items()])
            while not self._stopping.is_set():
                self._caught_up(left)
                messages = client.consume(_AT_ONCE, _POLL_S)
                self.take(message for message in messages if not _broken(message))
                for message in messages:
                    if (message.offset() or 0) + 1 >= left.get(message.partition() or 0, 1 << 62):
                        left.pop(message.partition() or 0)
        finally:
            client.close()

    def _caught_up(self, left: dict[int, int]) -> None:
        if not left and not self.ready.is_set():
            _log.info("inventory read to its end")
            self.ready.set()


def _broken(message: Message) -> bool:
    """Whether it is an error instead of a record: passing ones are logged, the rest end the program."""
    error = message.error()
    if error is None:
        return False
    if error.fatal() or error.code() in _HOPELESS:
        raise Unavailable(f"the inventory cannot be read: {error.str()}")
    _log.warning("reading the inventory: %s", error.str())
    return True


def failure_of(inventory: Inventory) -> NetpolError | None:
    """Why the inventory's thread ended, if it has."""
    if inventory.failure is None or isinstance(inventory.failure, NetpolError):
        return inventory.failure
    return Unavailable(f"the inventory cannot be followed: {inventory.failure!r}")
