"""Recorded connections to suggested policies: no Kafka, no cluster, the same bytes for the same observations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from advisor.recorded.imports import enriched, names_only
from advisor.recorded.lines import read_lines
from advisor.recorded.model import BadLine
from advisor.recorded.objects import ObjectsFirst
from advisor.recorded.raw import batches_of
from advisor.recorded.recording import Recording
from advisor.recorded.windows import CLUSTER, WINDOW_MS
from advisor.report_text import notes_of
from schemas.errors import UsageError
from schemas.records import ClusterFacts, InventoryObject, PolicySuggestion
from streams.directory import Directory
from streams.offline import Offline, analyse
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


def read(stream: BinaryIO, complain: Callable[[BadLine], None], progress: Callable[[int], None]) -> Recording:
    """Take in a recording; `progress` is told the bytes read so far."""
    recording = Recording()
    recording.take(read_lines(stream, progress), complain)
    return recording


def report_of(recording: Recording, objects: Sequence[InventoryObject], isolation: Isolation) -> Report:
    """The suggestions that the recording supports.

    Args:
        recording: What was seen.
        objects: Kubernetes objects, none if none were given.
        isolation: Which directions the policies isolate.

    Raises:
        UsageError: There are raw lines and no objects.
    """
    if recording.raw and not objects:
        raise UsageError(
            "the recording holds raw connections, whose addresses only Kubernetes objects can explain; "
            "give them with --objects (for example from `kubectl get pods,services,... -A -o yaml`)"
        )
    account = _add_raw(recording, objects)
    _add_imported(recording, objects)
    options = replace(_options(objects), isolation=isolation)
    suggestions = suggestions_of(recording.windows.windows(), options)
    return Report(suggestions, tuple(notes_of(recording, account, objects_given=bool(objects))))


def _add_raw(recording: Recording, objects: Sequence[InventoryObject]) -> Offline:
    connections = {node: recording.connections(node) for node in recording.raw}
    offline = analyse(batches_of(connections, CLUSTER), Directory(objects), WINDOW_MS, CLUSTER)
    for window in offline.windows:
        for edge in window.edges:
            recording.windows.add(window.workload, edge, window.start)
    return offline


def _add_imported(recording: Recording, objects: Sequence[InventoryObject]) -> None:
    names = names_only(recording.events)
    whose = ObjectsFirst(objects, names) if objects else names
    for line in enriched(recording.events, whose):
        recording.windows.add(line.workload, line.edge)


def _options(objects: Sequence[InventoryObject]) -> Options:
    facts = [item.body for item in objects if isinstance(item.body, ClusterFacts)]
    return Options(
        pod_cidrs=tuple(cidr for fact in facts for cidr in fact.pod_cidrs),
        service_cidrs=tuple(cidr for fact in facts for cidr in fact.service_cidrs),
    )
