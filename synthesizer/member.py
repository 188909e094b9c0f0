"""One member of the group of synthesizers: its partitions' workloads, and the way in and out."""

import logging
import threading
import time
from collections.abc import Iterable
from typing import Final

from schemas.dead_letters import DeadLetters
from schemas.errors import Unavailable
from schemas.kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition, consumer
from schemas.records import PolicySuggestion, PolicyViolation, WorkloadRef, now_ms
from schemas.schema_store import SchemaStore
from schemas.topics import WORKLOAD_WINDOWS
from synthesizer.audit.auditor import Auditor
from synthesizer.audit.restore import stored_violations
from synthesizer.book import Book, Entry
from synthesizer.departures import Departures
from synthesizer.intake import Intake
from synthesizer.inventory.reader import InventoryReader
from synthesizer.output import Output
from synthesizer.publish import Publisher
from synthesizer.restore import stored_suggestions
from synthesizer.settings import SynthesizerSettings
from synthesizer.watch import Watch

_log = logging.getLogger(__name__)
_MISSING = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}  # noqa: SLF001  public names of confluent-kafka
_LOOK_S: Final = 2.0
"""How often it is asked who is gone."""
_SUSPECT_S: Final = 5.0
"""Who has not spoken to the group for so long asks it before publishing: the partitions may be another's by now."""


class Member:
    """Folds the windows of the partitions that the group gives it."""

    def __init__(self, settings: SynthesizerSettings) -> None:
        self._kafka = settings.kafka
        self._settings = settings
        self._dead_letters = DeadLetters(settings.kafka, "synthesize")
        self._store = SchemaStore(settings.kafka, self._dead_letters)
        self._store.publish([PolicySuggestion, PolicyViolation])
        self._inventory = InventoryReader(settings.kafka, self._store)
        self._book = Book(settings.options)
        self._auditor = Auditor(self._inventory.world, settings.options)
        self._intake = Intake(settings.kafka.cluster, self._book, self._auditor, self._store, self._dead_letters)
        self._publisher = Publisher(settings.kafka, self._store.prefix)
        self._output = Output(settings.output, self._book) if settings.output else None
        grace_s = settings.gone_after_s
        self._departures = Departures(self._inventory.world, None if grace_s is None else round(grace_s * 1000))
        self._leaving: dict[WorkloadRef, int] = {}
        self._looked = time.monotonic()
        self._asked = time.monotonic()
        self._ours: set[int] = set()
        self._next: dict[int, int] = {}
        self._held: list[Message] = []
        self._watch = Watch(settings.kafka)

    def work(self, stop: threading.Event) -> None:
        """Cycle after cycle, until told to stop; raises Unavailable."""
        client = consumer(self._kafka, self._settings.consumer_group, **self._settings.membership)
        windows = self._kafka.topic(WORKLOAD_WINDOWS)
        try:
            self._inventory.read_to_end()
            client.subscribe([windows], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)
            while not stop.is_set():
                self._gather(client, self._settings.batch, self._settings.cycle_s)
                self._inventory.catch_up()
                held, self._held = self._held, []
                self._fold(held)
                self._depart()
                if self._emit(client):
                    self._commit(client, windows)
        except KafkaException as error:
            raise Unavailable(f"Kafka at {self._kafka.brokers}: {error.args[0].str()}") from error
        finally:
            client.close()
            self._inventory.close()
            self._watch.close()

    def _gather(self, client: Consumer, most: int, timeout_s: float) -> None:
        self._held += client.consume(most, timeout=timeout_s)
        self._asked = time.monotonic()

    def _still_ours(self, client: Consumer | None, entries: Iterable[Entry]) -> list[Entry]:
        """Those of the entries whose partitions are ours; after a long silence, hear first what the group says."""
        if client is not None and time.monotonic() - self._asked > _SUSPECT_S:
            self._gather(client, 1, _SUSPECT_S / 2)  # a window that comes with it waits for the next cycle
        return [entry for entry in entries if entry.partition in self._ours]

    def _fold(self, messages: Iterable[Message]) -> None:
        for message in messages:
            error = message.error()
            partition = message.partition() or 0
            if error is not None:
                _report(error)
            elif partition in self._ours:  # others were gathered before the partition was taken away
                self._intake.window(message)
                self._next[partition] = (message.offset() or 0) + 1

    def _depart(self) -> None:
        """Take out who is gone for good; `_emit` finishes it."""
        if time.monotonic() - self._looked < _LOOK_S:
            return
        self._looked = time.monotonic()
        entries = {entry.evidence.workload.ref: entry for entry in self._book.entries()}
        for ref in self._departures.gone((entry.evidence for entry in entries.values()), now_ms()):
            _log.info("%s is gone for good: its suggestion is taken back", ref)
            self._leaving[ref] = entries[ref].partition
            self._auditor.forget(ref, entries[ref].partition)
            self._book.forget(ref)

    def _emit(self, client: Consumer | None = None) -> bool:
        """Publish what is new, and write it; whether all of it is safe now."""
        self._leaving = {ref: number for ref, number in self._leaving.items() if self._book.entry(ref) is None}
        spoilt = [self._intake.foreign(raw) for raw in self._watch.foreign(self._publisher.ours)]
        latest = {entry.evidence.workload.ref: entry for entry in (*filter(None, spoilt), *self._book.changed())}
        changed = self._still_ours(client, latest.values())
        self._publisher.tell(self._auditor.waiting())
        self._publisher.suggest(changed)
        self._publisher.flush()
        self._dead_letters.flush()
        if changed:
            _log.info("published %d suggestions", len(changed))
        ours = self._still_ours(client, changed)
        suggestions = [entry.suggestion for entry in ours if entry.suggestion is not None]
        if self._output is not None and not self._output.follow(suggestions, self._leaving):
            return False
        self._bury()
        return True

    def _bury(self) -> None:
        """Tombstones for whose files are gone: whoever is killed before has the suggestion still, and does it again."""
        for ref, partition in self._leaving.items():
            self._publisher.bury(ref, partition)
        self._publisher.flush()
        self._leaving.clear()

    def _commit(self, client: Consumer, topic: str) -> None:
        offsets = [TopicPartition(topic, partition, offset) for partition, offset in sorted(self._next.items())]
        self._next.clear()
        if not offsets:
            return
        try:
            client.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:  # a rebalance took the partitions; whoever has them now folds the same again
            _log.warning("offsets are not committed and their windows will be read again: %s", error.args[0].str())

    def _assigned(self, _client: Consumer, partitions: list[TopicPartition]) -> None:
        numbers = sorted(partition.partition for partition in partitions)
        self._ours |= set(numbers)
        ends = self._watch.ends(numbers)
        for raw in stored_suggestions(self._kafka, numbers):
            self._intake.suggestion(raw)
        for told in stored_violations(self._kafka, self._store, numbers):
            self._auditor.restore(*told)
        self._watch.begin(ends)
        self._emit()
        if self._output is not None:
            known = [entry.suggestion for entry in self._book.entries() if entry.suggestion is not None]
            self._output.follow(known, self._intake.forgotten)
        self._intake.forgotten.clear()
        _log.info("synthesize ready: partitions %s, %d workloads", numbers, len(self._book.entries()))

    def _revoked(self, _client: Consumer, partitions: list[TopicPartition]) -> None:
        numbers = {partition.partition for partition in partitions}
        self._ours -= numbers
        self._watch.drop(numbers)
        dropped = self._book.drop(numbers)
        self._auditor.drop(numbers)
        if self._output is not None:
            self._output.drop((*dropped, *self._leaving))
        self._leaving = {ref: number for ref, number in self._leaving.items() if number not in numbers}
        for number in numbers:
            self._next.pop(number, None)


def _report(error: KafkaError) -> None:
    if error.code() in _MISSING or error.fatal():
        raise KafkaException(error)
    _log.warning("Kafka: %s", error.str())
