"""Raw records into the book; one that cannot be used goes to dead letters with its reason."""

import logging

from schemas.codec import BadRecord
from schemas.dead_letters import DeadLetters, RawRecord, raw_record
from schemas.framing import Reader, WriterSchemas
from schemas.kafka import Message
from schemas.records import PolicySuggestion, WorkloadRef, WorkloadWindow
from synthesizer.audit.auditor import Auditor
from synthesizer.book import Book, Entry
from synthesizer.check import problem_of

_log = logging.getLogger(__name__)
_KEY_PARTS = 4


class Intake:
    """The way into the book, and past the auditor.

    Attributes:
        forgotten: Workloads whose tombstone was the last that `suggestion` was told of them.
    """

    def __init__(
        self, cluster: str, book: Book, auditor: Auditor, schemas: WriterSchemas, dead_letters: DeadLetters
    ) -> None:
        self._cluster = cluster
        self._book = book
        self._auditor = auditor
        self.forgotten: set[WorkloadRef] = set()
        self._dead_letters = dead_letters
        self._windows = Reader(WorkloadWindow, schemas)
        self._suggestions = Reader(PolicySuggestion, schemas)
        self._others: set[str] = set()

    def window(self, message: Message) -> None:
        """Fold a window, if it is of our cluster, and hold it against the policies."""
        raw = raw_record(message)
        try:
            window = _usable(self._windows(_value(raw)))
        except BadRecord as error:
            self._dead_letters.send(raw, str(error))
            return
        if self._is_ours(window.cluster):
            evidence = self._book.take(window, raw.partition)
            self._auditor.window(window, raw.partition, evidence, self._book.name_of(window.workload.ref))

    def suggestion(self, raw: RawRecord) -> None:
        """Restore a suggestion of our cluster, or forget a workload at a tombstone."""
        if raw.value is None:
            self._forget(raw)
            return
        try:
            suggestion = self._suggestions(raw.value)
        except BadRecord as error:
            self._dead_letters.send(raw, str(error))
            return
        if self._is_ours(suggestion.cluster):
            self._book.restore(suggestion, raw.partition)
            self.forgotten.discard(suggestion.workload.ref)

    def foreign(self, raw: RawRecord) -> Entry | None:
        """Look at what another wrote to a partition of ours: the entry to write again, if we know the workload."""
        parts = (raw.key or b"").decode(errors="replace").split("/")
        known = self._book.entry(WorkloadRef(*parts[1:])) if len(parts) == _KEY_PARTS else None
        if known is None and raw.value is not None:
            self.suggestion(raw)
        return known if known is not None and parts[0] == self._cluster else None

    def _forget(self, raw: RawRecord) -> None:
        parts = (raw.key or b"").decode(errors="replace").split("/")
        if len(parts) != _KEY_PARTS:
            self._dead_letters.send(raw, f"a tombstone whose key is not cluster/namespace/kind/name: {raw.key!r}")
        elif parts[0] == self._cluster:
            self._book.forget(WorkloadRef(*parts[1:]))
            self.forgotten.add(WorkloadRef(*parts[1:]))

    def _is_ours(self, cluster: str) -> bool:
        if cluster == self._cluster:
            return True
        if cluster not in self._others:
            self._others.add(cluster)
            _log.warning("records of cluster %s are left to its own synthesizer; ours is %s", cluster, self._cluster)
        return False


def _value(raw: RawRecord) -> bytes:
    if raw.value is None:
        raise BadRecord("a tombstone where a window is expected")
    return raw.value


def _usable(window: WorkloadWindow) -> WorkloadWindow:
    problem = problem_of(window)
    if problem:
        raise BadRecord(f"not a usable window: {problem}")
    return window
