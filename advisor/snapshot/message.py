"""What changed, in words: the lines of a run and the message of a commit."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from advisor.snapshot.files import Change, File, Verb
from advisor.suggestions.latest import Suggestions
from schemas.records import PolicySuggestion

_NAMED: Final = 100
"""Changes that a commit's message names one by one."""


def told(changes: Sequence[Change]) -> str:
    """How many of each kind: `3 new, 1 changed`, or `nothing changed`."""
    counts = Counter(change.verb for change in changes)
    return ", ".join(f"{counts[verb]} {verb.value}" for verb in Verb if counts[verb]) or "nothing changed"


def lines_of(changes: Sequence[Change], suggestions: Suggestions) -> Iterator[str]:
    """One line for each change: what, which file, and whose or why."""
    by_file = {File(one.workload.namespace, one.policy_name): one for one in suggestions.readable}
    yield from (f"{change.verb.value:<8} {change.file}{_because(change, by_file)}" for change in changes)


def message_of(cluster: str, changes: Sequence[Change], suggestions: Suggestions) -> str:
    """The message of a commit: a summary, and what changed."""
    lines = list(lines_of(changes, suggestions))
    more = [f"... and {len(lines) - _NAMED} more"] if len(lines) > _NAMED else []
    return "\n".join([f"Network policies of cluster {cluster}: {told(changes)}", "", *lines[:_NAMED], *more, ""])


def _because(change: Change, by_file: Mapping[File, PolicySuggestion]) -> str:
    suggestion = by_file.get(change.file)
    if suggestion is None:
        return " (no suggestion has this name any more)"
    if change.verb is Verb.REMOVED:
        return f" ({suggestion.reason})"
    return f" ({suggestion.workload.kind} {suggestion.workload.name}, revision {suggestion.revision})"
