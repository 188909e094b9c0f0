"""Reads `netpol.inventory` from its beginning to its end, then follows it, in a thread of its own."""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from schemas.dead_letters import DeadLetters, raw_record
from schemas.errors import NetpolError, Unavailable
from schemas.framing import Reader
from schemas.kafka import KafkaError, KafkaSettings, Message, TopicPartition, consumer, require_topics
from schemas.records import InventoryObject, Millis
from schemas.schema_store import SchemaStore
from schemas.topics import INVENTORY
from streams.directory.clusters import Change, Clusters, Tombstone
from streams.directory.directory import Directory
from streams.directory.letters import Letters
from streams.directory.topic_check import TopicCheck

_log = logging.getLogger(__name__)
GROUP: Final = "netpol-stream-inventory"
"""No group of consumers: its offsets say up to where bad records have had their dead letters."""
_AT_ONCE: Final = 1_000
_APPLIED_AT_ONCE: Final = 50
"""While these are applied, enrichment waits for the lock."""
_POLL_S: Final = 0.1
_BEGINNING: Final = -2
_JOIN_S: Final = 5.0
_HOPELESS: Final = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "Kafka does not let us read it",
    KafkaError._AUTO_OFFSET_RESET: "the topic was made anew or cut; the next start reads all of it",  # noqa: SLF001  its name
}
_OPTIONS: Final[dict[str, str | float | bool]] = {
    "enable_partition_eof": True,
    # An offset that is gone must be an error: to go on elsewhere would keep objects that nobody publishes any more.
    "auto_offset_reset": "error",
    # What is fetched ahead is not given back to the system once it has been read. So it is little, and asked for again
    # soon: by default a full queue waits for a second.
    "queued_max_messages_kbytes": 1024,
    "fetch_queue_backoff_ms": 10,
}


@dataclass(slots=True)
class Seen:
    """How many records there were; written by the reader's thread alone.

    Attributes:
        read: All of them.
        unusable: Of these, those that could not be used.
        letters: Of these, those of which a dead letter was written; the others had theirs from an earlier start.
    """

    read: int = 0
    unusable: int = 0
    letters: int = 0


class Inventory:
    """The directories of all clusters in the topic.

    `lock` guards them: whoever asks a directory holds it.
    """

    def __init__(self, settings: KafkaSettings, store: SchemaStore, dead_letters: DeadLetters) -> None:
        self.lock = threading.Lock()
        self.ready = threading.Event()
        self.failure: Exception | None = None
        self.seen = Seen()
        self._settings = settings
        self._read = Reader(InventoryObject, store)
        self._dead_letters = dead_letters
        self._clusters = Clusters(0)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inventory", daemon=True)

    def start(self) -> None:
        """Begin to read; raises TopicMissing or BrokerUnavailable."""
        (partitions,) = require_topics(self._settings, [INVENTORY]).values()
        self._clusters = Clusters(partitions)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; not waited for if it hangs in Kafka, for it is no longer asked."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)

    @contextmanager
    def following(self) -> Iterator[None]:
        """From `start` to `stop`."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def directory(self, cluster: str) -> Directory:
        """The cluster's directory, empty if nothing is known of it; hold `lock` while asking it."""
        return self._clusters.directory(cluster)

    def watermark(self, cluster: str) -> Millis:
        """The inventory is complete up to this moment; 0 if no heartbeat has come."""
        return self._clusters.watermark(cluster)

    def watermarks(self) -> Mapping[str, Millis]:
        """The same for every cluster there is."""
        return self._clusters.watermarks()

    def objects(self) -> Mapping[str, Mapping[str, int]]:
        """How many objects each cluster's directory holds, by what they are."""
        return self._clusters.objects()

    def _run(self) -> None:
        try:
            self._follow()
        except Exception as error:  # noqa: BLE001  kept for the main thread, which ends the process with it
            self.failure = error
            self.ready.set()

    def _follow(self) -> None:
        topic = self._settings.topic(INVENTORY)
        client = consumer(self._settings, f"{self._settings.topic_prefix}{GROUP}", **_OPTIONS)
        shares = [TopicPartition(topic, number, _BEGINNING) for number in range(self._clusters.partitions)]
        try:
            letters = Letters(client, shares, self._dead_letters)
            client.assign(shares)
            unread = set(range(self._clusters.partitions))
            topic_check = TopicCheck(topic, self._clusters.partitions)
            while not self._stopping.is_set():
                messages = client.consume(_AT_ONCE, _POLL_S)
                self._take([message for message in messages if not _event(message, unread)], letters)
                self._caught_up(unread)
                topic_check.due(client)
        finally:
            client.close()

    def _caught_up(self, unread: set[int]) -> None:
        if not unread and not self.ready.is_set():
            _log.info("inventory read to its end: %d records", self.seen.read)
            self.ready.set()

    def _take(self, messages: Sequence[Message], letters: Letters) -> None:
        """Apply messages; raises Unavailable if Kafka does not take the dead letters of those that cannot be used."""
        for start in range(0, len(messages), _APPLIED_AT_ONCE):
            some = messages[start : start + _APPLIED_AT_ONCE]
            changes = list(self._decoded(some, letters))
            with self.lock:
                self._apply(changes, letters)
            self.seen.read += len(some)
        letters.flush()
        self.seen.unusable, self.seen.letters = letters.unusable, letters.written

    def _decoded(self, messages: Sequence[Message], letters: Letters) -> Iterator[tuple[Message, Change]]:
        for message in messages:
            raw = message.value()
            try:
                yield message, self._read(bytes(raw)) if raw is not None else Tombstone.of(raw_record(message).key)
            except ValueError as error:  # BadRecord is one
                letters.add(raw_record(message), str(error))

    def _apply(self, changes: Sequence[tuple[Message, Change]], letters: Letters) -> None:
        for message, change in changes:
            try:
                self._clusters.apply(message.partition() or 0, change)
            except ValueError as error:
                letters.add(raw_record(message), str(error))


def _event(message: Message, unread: set[int]) -> bool:
    """Whether it is news of the client instead of a record; what cannot be mended ends the program."""
    error = message.error()
    if error is None:
        return False
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  the public name of a local error
        unread.discard(message.partition() or 0)
    elif error.fatal() or error.code() in _HOPELESS:
        raise Unavailable(f"the inventory cannot be read: {_HOPELESS.get(error.code(), error.str())} ({error.str()})")
    else:
        _log.warning("reading the inventory: %s", error.str())
    return True


def failure_of(inventory: Inventory) -> NetpolError | None:
    """Why the inventory's thread ended, if it has."""
    if inventory.failure is None or isinstance(inventory.failure, NetpolError):
        return inventory.failure
    return Unavailable(f"the inventory cannot be followed: {inventory.failure!r}")
