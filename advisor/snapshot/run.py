"""`snapshot`: the topic to its end, then the files, then the commit; each step may be killed and done again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.snapshot.files import Change, Outcome, alone_in, ours_in, write
from advisor.snapshot.git import Repository
from advisor.snapshot.message import message_of
from advisor.suggestions.latest import Latest, Suggestions, notes_of
from advisor.suggestions.topic import Progress, no_progress, read_latest, read_suggestions
from schemas.errors import Unavailable
from schemas.kafka import KafkaSettings


@dataclass(frozen=True, slots=True)
class SnapshotSettings:
    """What to write where.

    Attributes:
        kafka: How to reach Kafka; suggestions of its cluster are written.
        output: The directory; this cluster's alone.
        git: Whether to commit.
    """

    kafka: KafkaSettings
    output: Path
    git: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What came of it.

    Attributes:
        suggestions: As of the start.
        outcome: What became of the files.
        committed: What the commit changes; empty if there was nothing to commit, or nobody asked.
        head: The commit, in short; empty if none was made.
        notes: What a person should know of the topic.
    """

    suggestions: Suggestions
    outcome: Outcome
    committed: tuple[Change, ...] = ()
    head: str = ""
    notes: tuple[str, ...] = ()


def run(settings: SnapshotSettings, progress: Progress = no_progress) -> Snapshot:
    """Take one snapshot.

    Raises:
        UsageError: The directory cannot be made, or is in no repository.
        Unavailable: Kafka, the topic, the directory or git does not do its part; a later run goes on.
    """
    with alone_in(settings.output):
        repository = Repository.of(settings.output) if settings.git else None
        latest = read_latest(settings.kafka, progress)
        _require_some(latest, settings.output)
        suggestions = read_suggestions(settings.kafka, latest, lambda _ref: True)
        outcome = write(suggestions, settings.output)
        notes = tuple(notes_of(latest, suggestions.unreadable))
        if repository is None:
            return Snapshot(suggestions, outcome, notes=notes)
        committed = repository.commit(outcome.current, _message(settings, suggestions))
        return Snapshot(suggestions, outcome, committed, repository.head() if committed else "", notes)


def _require_some(latest: Latest, directory: Path) -> None:
    """A wrong name of the cluster, or a new topic, must not look like a cluster that lost all of its workloads."""
    if latest.records or latest.gone:
        return
    kept = len(ours_in(directory))
    if kept:
        others = f" (it has some of {', '.join(latest.others)})" if latest.others else ""
        raise Unavailable(
            f"the topic has no suggestion of cluster {latest.cluster}{others}, and {directory} has {kept}: nothing is "
            "removed. Is --cluster right? If all workloads are gone, remove the files yourself."
        )


def _message(settings: SnapshotSettings, suggestions: Suggestions) -> Callable[[Sequence[Change]], str]:
    return lambda changes: message_of(settings.kafka.cluster, changes, suggestions)
