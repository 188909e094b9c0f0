"""One row for each workload that has a suggestion, or windows that none was made of yet. Pure."""

from dataclasses import dataclass

from advisor.suggestions.latest import Suggestions
from advisor.suggestions.recent import Recent
from schemas.records import PolicySuggestion, WorkloadRef, WorkloadWindow


@dataclass(frozen=True, slots=True)
class Row:
    """A workload.

    Attributes:
        ref: Which.
        suggestion: Its suggestion; None if there is none that can be read.
        windows: Its windows that were written lately, newest revisions.
        unreadable: Why its suggestion cannot be read; empty if it can, or if there is none.
    """

    ref: WorkloadRef
    suggestion: PolicySuggestion | None
    windows: tuple[WorkloadWindow, ...]
    unreadable: str = ""

    @property
    def reason(self) -> str:
        """Why there is no policy; empty if there is one."""
        if self.suggestion is not None:
            return self.suggestion.reason
        return f"its suggestion cannot be read: {self.unreadable}" if self.unreadable else "no suggestion yet"

    @property
    def incomplete(self) -> tuple[WorkloadWindow, ...]:
        """Of the windows lately, those with a gap or a loss."""
        return tuple(window for window in self.windows if not window.complete)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes whose reports are in these windows, sorted."""
        return tuple(sorted({source.node for window in self.windows for source in window.sources}))

    @property
    def because(self) -> tuple[str, ...]:
        """What was lost or missing in these windows, a sentence each, sorted."""
        return tuple(sorted({text for window in self.incomplete for text in window.incomplete_because}))


def rows_of(suggestions: Suggestions, recent: Recent) -> tuple[Row, ...]:
    """All of them, in the order of namespace, kind and name."""
    readable = {one.workload.ref: one for one in suggestions.readable}
    unreadable = {one.ref: one.reason for one in suggestions.unreadable}
    refs = sorted({*readable, *unreadable, *recent.windows})
    return tuple(Row(ref, readable.get(ref), recent.of(ref), unreadable.get(ref, "")) for ref in refs)
