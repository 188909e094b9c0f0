"""Recorded connections to suggested policies, as text or as files: no Kafka, no cluster, the same bytes each time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from advisor.recorded.lines import read_lines
from advisor.recorded.model import BadLine
from advisor.recorded.recording import Recording
from advisor.report_text import notes_of
from schemas.records import ClusterFacts, InventoryObject, PolicySuggestion
from synthesizer.files import OutputRefused, PolicyFiles
from synthesizer.offline import suggestions_of
from synthesizer.options import Isolation, Options
from synthesizer.render import MANAGED_BY

_OURS: Final = ": ".join(MANAGED_BY).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Report:
    """What a recording comes to.

    Attributes:
        suggestions: One for each workload seen, with a policy or a reason, sorted by namespace and name.
        notes: What a person should know of the recording as a whole, sentence by sentence.
    """

    suggestions: tuple[PolicySuggestion, ...]
    notes: tuple[str, ...]

    @property
    def documents(self) -> str:
        """All policies as one multi-document YAML; empty if there is none."""
        return "---\n".join(one.policy for one in self.suggestions if one.policy)


def read(
    stream: BinaryIO,
    objects: Sequence[InventoryObject],
    complain: Callable[[BadLine], None],
    progress: Callable[[int], None] | None = None,
) -> Recording:
    """Take in a recording.

    Args:
        stream: Its bytes.
        objects: Kubernetes objects, none if none were given.
        complain: Takes each line that cannot be read.
        progress: Told the bytes read so far, now and then.

    Raises:
        UsageError: There is a raw line and no objects.
    """
    recording = Recording(objects)
    recording.take(read_lines(stream, progress), complain)
    recording.finish()
    return recording


def report_of(recording: Recording, isolation: Isolation) -> Report:
    """The suggestions that the recording supports; `isolation` says which directions the policies isolate."""
    facts = [item.body for item in recording.objects if isinstance(item.body, ClusterFacts)]
    options = Options(
        isolation=isolation,
        pod_cidrs=tuple(cidr for fact in facts for cidr in fact.pod_cidrs),
        service_cidrs=tuple(cidr for fact in facts for cidr in fact.service_cidrs),
    )
    return Report(suggestions_of(recording.windows.windows(), options), tuple(notes_of(recording)))


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a directory.

    Attributes:
        refused: Why a file was not written, a sentence for each.
        notes: Files removed, and files of ours that no workload of the report has; a sentence for each.
    """

    refused: tuple[str, ...]
    notes: tuple[str, ...]


def write(made: Report, directory: Path) -> Written:
    """Make each workload's file hold its policy, or remove it if there is none now.

    Raises:
        OutputUnavailable: The directory cannot be written.
    """
    files, refused, notes = PolicyFiles(directory), [], []
    for one in made.suggestions:
        try:
            notes += _follow(files, directory, one)
        except OutputRefused as error:
            refused.append(str(error))
    return Written(tuple(refused), (*notes, *_leftovers(made, directory)))


def _follow(files: PolicyFiles, directory: Path, one: PolicySuggestion) -> list[str]:
    namespace, name = one.workload.namespace, one.policy_name
    if one.policy:
        files.write(namespace, name, one.policy)
    elif files.remove(namespace, name):
        return [f"removed {directory / namespace / name}.yaml: {one.reason}"]
    return []


def _leftovers(made: Report, directory: Path) -> list[str]:
    current = {directory / one.workload.namespace / f"{one.policy_name}.yaml" for one in made.suggestions}
    others = sorted(path for path in directory.glob("*/*.yaml") if path not in current and _is_ours(path))
    return [f"{path} is of no workload in this recording; remove it if it is out of date" for path in others]


def _is_ours(path: Path) -> bool:
    try:
        return _OURS in path.read_bytes()
    except OSError:  # what cannot be read is not known to be ours
        return False
