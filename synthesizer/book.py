"""What a synthesizer knows of the workloads of its partitions, and which of them need a new suggestion. No I/O."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from schemas.records import PolicySuggestion, WorkloadRef, WorkloadWindow
from synthesizer.evidence import Evidence, evidence_of, fold
from synthesizer.names import policy_name
from synthesizer.options import Options
from synthesizer.suggest import suggest


@dataclass(frozen=True, slots=True)
class Entry:
    """One workload.

    Attributes:
        partition: Its partition, the same in all topics of workloads.
        evidence: All that is known of it.
        suggestion: The last one made; None if none was.
    """

    partition: int
    evidence: Evidence
    suggestion: PolicySuggestion | None = None


class Book:
    """The workloads of the assigned partitions of one cluster."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._entries: dict[WorkloadRef, Entry] = {}
        self._kinds: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._dirty: set[WorkloadRef] = set()

    def restore(self, suggestion: PolicySuggestion, partition: int) -> None:
        """Take what an earlier run knew; it is looked at again, for options may have changed."""
        self._put(suggestion.workload.ref, Entry(partition, evidence_of(suggestion), suggestion))

    def take(self, window: WorkloadWindow, partition: int) -> Evidence:
        """Fold one window; all that is known of its workload then."""
        ref = window.workload.ref
        entry = self._entries.get(ref)
        evidence = fold(entry.evidence if entry else None, window)
        if entry is None:
            self._put(ref, Entry(partition, evidence))
        elif evidence != entry.evidence:
            self._put(ref, replace(entry, evidence=evidence))
        return evidence

    def forget(self, ref: WorkloadRef) -> None:
        """The workload is gone for good."""
        if self._entries.pop(ref, None) is not None:
            self._dirty.discard(ref)
            self._kinds[ref.namespace, ref.name].discard(ref.kind)
            self._dirty |= self._rivals(ref)

    def drop(self, partitions: Iterable[int]) -> tuple[WorkloadRef, ...]:
        """Another synthesizer has these partitions now; the workloads that went with them."""
        gone = set(partitions)
        dropped = tuple(ref for ref, entry in self._entries.items() if entry.partition in gone)
        for ref in dropped:
            del self._entries[ref]
            self._dirty.discard(ref)
            self._kinds[ref.namespace, ref.name].discard(ref.kind)
        return dropped

    def changed(self) -> tuple[Entry, ...]:
        """Entries whose suggestion is new or different, in order; asking again gives none."""
        made = [self._suggested(ref) for ref in sorted(self._dirty)]
        self._dirty.clear()
        return tuple(entry for entry in made if entry is not None)

    def entry(self, ref: WorkloadRef) -> Entry | None:
        """What is known of a workload; None if nothing is."""
        return self._entries.get(ref)

    def name_of(self, ref: WorkloadRef) -> str:
        """metadata.name of a workload's policy, as long as no other workload of its name comes or goes."""
        return policy_name(ref, self._kinds.get((ref.namespace, ref.name), set()))

    def entries(self) -> tuple[Entry, ...]:
        """All of them, in order."""
        return tuple(self._entries[ref] for ref in sorted(self._entries))

    def names_in_use(self, namespace: str, name: str) -> frozenset[str]:
        """Policy names of the workloads of this namespace and name."""
        kinds = self._kinds.get((namespace, name), set())
        return frozenset(policy_name(WorkloadRef(namespace, kind, name), kinds) for kind in kinds)

    def _put(self, ref: WorkloadRef, entry: Entry) -> None:
        self._entries[ref] = entry
        self._dirty.add(ref)
        if ref.kind not in self._kinds[ref.namespace, ref.name]:
            self._kinds[ref.namespace, ref.name].add(ref.kind)
            self._dirty |= self._rivals(ref)

    def _rivals(self, ref: WorkloadRef) -> set[WorkloadRef]:
        """Workloads whose policies may have to change their names with this one's coming or going."""
        return {WorkloadRef(ref.namespace, kind, ref.name) for kind in self._kinds[ref.namespace, ref.name]}

    def _suggested(self, ref: WorkloadRef) -> Entry | None:
        entry = self._entries[ref]
        suggestion = suggest(entry.evidence, self._options, self.name_of(ref), entry.suggestion)
        if suggestion == entry.suggestion:
            return None
        self._entries[ref] = replace(entry, suggestion=suggestion)
        return self._entries[ref]
