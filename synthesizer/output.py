"""Files that follow the suggestions; what cannot be written now is kept and tried again."""

import logging
from collections.abc import Iterable
from pathlib import Path

from schemas.records import PolicySuggestion, WorkloadRef
from synthesizer.book import Book
from synthesizer.files import OutputRefused, OutputUnavailable, PolicyFiles
from synthesizer.names import possible_names

_log = logging.getLogger(__name__)


class Output:
    """The files of one directory, and what they still lack."""

    def __init__(self, directory: Path, book: Book) -> None:
        self._files = PolicyFiles(directory)
        self._book = book
        self._pending: dict[WorkloadRef, PolicySuggestion | None] = {}
        self._said = ""

    def follow(self, suggestions: Iterable[PolicySuggestion], gone: Iterable[WorkloadRef] = ()) -> bool:
        """Write and remove files; False if some could not be and wait for the next call."""
        self._pending |= {suggestion.workload.ref: suggestion for suggestion in suggestions}
        self._pending |= dict.fromkeys(gone)
        try:
            for ref in sorted(self._pending):
                self._apply(ref, self._pending[ref])
                del self._pending[ref]
        except OutputUnavailable as error:
            self._say(f"{error} Trying again.")
            return False
        self._said = ""
        return True

    def drop(self, refs: Iterable[WorkloadRef]) -> None:
        """Another synthesizer writes these files now; what they still lack is its affair."""
        for ref in refs:
            self._pending.pop(ref, None)

    def _apply(self, ref: WorkloadRef, suggestion: PolicySuggestion | None) -> None:
        unused = possible_names(ref.namespace, ref.name) - self._book.names_in_use(ref.namespace, ref.name)
        try:
            for name in sorted(unused):
                self._files.remove(ref.namespace, name)
            if suggestion is not None and suggestion.policy:
                if self._files.write(ref.namespace, suggestion.policy_name, suggestion.policy):
                    _log.info("wrote %s/%s.yaml", ref.namespace, suggestion.policy_name)
            elif suggestion is not None and self._files.remove(ref.namespace, suggestion.policy_name):
                _log.info("removed %s/%s.yaml: %s", ref.namespace, suggestion.policy_name, suggestion.reason)
        except OutputRefused as error:
            _log.error("%s", error)

    def _say(self, text: str) -> None:
        if text != self._said:
            _log.error("%s", text)
        self._said = text
