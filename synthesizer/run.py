"""`synthesize`: windows in, suggestions out, to the topic and to files.

One cycle: gather windows, fold them, suggest for the workloads that changed, publish and wait for the
acknowledgements, write the files, and only then commit. Whatever is killed in between is done again, to the same end.
"""

import logging
import threading
from collections.abc import Iterable

from schemas.dead_letters import DeadLetters
from schemas.errors import Unavailable, UsageError
from schemas.kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
    consumer,
    require_topics,
)
from schemas.records import PolicySuggestion
from schemas.schema_store import SchemaStore
from schemas.stopping import stop_event
from schemas.topics import DEAD_LETTERS, POLICY_SUGGESTIONS, SCHEMAS, WORKLOAD_WINDOWS
from synthesizer.book import Book
from synthesizer.intake import Intake
from synthesizer.output import Output
from synthesizer.publish import Publisher
from synthesizer.restore import stored_suggestions
from synthesizer.settings import SynthesizerSettings

_log = logging.getLogger(__name__)
_MISSING = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}  # noqa: SLF001  public names of confluent-kafka


def run(settings: SynthesizerSettings) -> None:
    """Work until SIGTERM or SIGINT; raises UsageError or Unavailable."""
    _require(settings)
    with stop_event() as stop:
        Synthesizer(settings).work(stop)
    _log.info("synthesize ends")


class Synthesizer:
    """One member of the group: its partitions' workloads, and the way in and out."""

    def __init__(self, settings: SynthesizerSettings) -> None:
        self._kafka = settings.kafka
        self._settings = settings
        self._dead_letters = DeadLetters(settings.kafka, "synthesize")
        store = SchemaStore(settings.kafka, self._dead_letters)
        store.publish([PolicySuggestion])
        self._book = Book(settings.options)
        self._intake = Intake(settings.kafka.cluster, self._book, store, self._dead_letters)
        self._publisher = Publisher(settings.kafka, store.prefix)
        self._output = Output(settings.output, self._book) if settings.output else None
        self._next: dict[int, int] = {}

    def work(self, stop: threading.Event) -> None:
        """Cycle after cycle, until told to stop; raises Unavailable."""
        client = consumer(self._kafka, self._settings.consumer_group, **self._settings.membership)
        windows = self._kafka.topic(WORKLOAD_WINDOWS)
        client.subscribe([windows], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)
        try:
            while not stop.is_set():
                self._fold(client.consume(self._settings.batch, timeout=self._settings.cycle_s))
                if self._emit():
                    self._commit(client, windows)
        except KafkaException as error:
            raise Unavailable(f"Kafka at {self._kafka.brokers}: {error.args[0].str()}") from error
        finally:
            client.close()

    def _fold(self, messages: Iterable[Message]) -> None:
        for message in messages:
            error = message.error()
            if error is not None:
                _report(error)
                continue
            self._intake.window(message)
            self._next[message.partition() or 0] = (message.offset() or 0) + 1

    def _emit(self) -> bool:
        """Publish what changed, and write it; whether all of it is safe now."""
        changed = self._book.changed()
        self._publisher.publish(changed)
        self._dead_letters.flush()
        if changed:
            _log.info("published %d suggestions", len(changed))
        suggestions = [entry.suggestion for entry in changed if entry.suggestion is not None]
        return self._output is None or self._output.follow(suggestions)

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
        for raw in stored_suggestions(self._kafka, numbers):
            self._intake.suggestion(raw)
        self._emit()
        if self._output is not None:
            self._output.follow(entry.suggestion for entry in self._book.entries() if entry.suggestion is not None)
        _log.info("synthesize ready: partitions %s, %d workloads", numbers, len(self._book.entries()))

    def _revoked(self, _client: Consumer, partitions: list[TopicPartition]) -> None:
        numbers = {partition.partition for partition in partitions}
        self._book.drop(numbers)
        for number in numbers:
            self._next.pop(number, None)


def _require(settings: SynthesizerSettings) -> None:
    counts = require_topics(settings.kafka, [WORKLOAD_WINDOWS, POLICY_SUGGESTIONS, DEAD_LETTERS, SCHEMAS])
    windows, suggestions = (counts[settings.kafka.topic(one)] for one in (WORKLOAD_WINDOWS, POLICY_SUGGESTIONS))
    if windows != suggestions:
        raise UsageError(
            f"{WORKLOAD_WINDOWS.name} has {windows} partitions and {POLICY_SUGGESTIONS.name} {suggestions}; "
            "a workload must have one and the same in both. Run `network-policy topics` to see the difference."
        )
    if settings.output is not None:
        try:
            settings.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--output {settings.output}: {error.strerror}. Name a writable directory.") from error


def _report(error: KafkaError) -> None:
    if error.code() in _MISSING or error.fatal():
        raise KafkaException(error)
    _log.warning("Kafka: %s", error.str())
