"""Recorded connections to suggested policies: no Kafka, no cluster, the same bytes for the same observations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from advisor.recorded.lines import read_lines
from advisor.recorded.model import BadLine
from advisor.recorded.recording import Recording
from advisor.report_text import notes_of
from schemas.records import ClusterFacts, InventoryObject, PolicySuggestion
from synthesizer.offline import suggestions_of
from synthesizer.options import Isolation, Options


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
