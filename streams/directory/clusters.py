"""The directories of all clusters, as changes of the inventory's topic make them; no I/O and no lock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from schemas.records import Heartbeat, InventoryObject, Millis
from streams.directory.directory import Directory


class Tombstone(NamedTuple):
    """The object of this key is forgotten."""

    key: str

    @classmethod
    def of(cls, key: bytes | None) -> "Tombstone":
        """Of a record without a value; raises ValueError if its key is no text."""
        return cls((key or b"").decode())


Change: TypeAlias = InventoryObject | Tombstone


@dataclass(slots=True)
class _Cluster:
    """What is known of one cluster; heartbeats are written to each partition, the last of them counts."""

    directory: Directory = field(default_factory=lambda: Directory(watermark=0))
    passed: dict[int, Heartbeat] = field(default_factory=dict)

    def heard(self, partition: int, beat: Heartbeat, partitions: int) -> None:
        """The inventory is complete from and up to the times that every partition's last heartbeat says."""
        self.passed[partition] = beat
        if len(self.passed) == partitions:
            beats = self.passed.values()
            self.directory.advance(min(one.time for one in beats), max(one.since for one in beats))


class Clusters:
    """One directory for each cluster's name in the topic.

    Args:
        partitions: Of the topic; each must have a heartbeat before anything counts as complete.
    """

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self._known: dict[str, _Cluster] = {}

    def apply(self, partition: int, change: Change) -> None:
        """One record of the partition; raises ValueError, changing nothing, if an address in it is none."""
        if isinstance(change, Tombstone):
            self.directory(change.key.split("/", 1)[0]).remove(change.key)
            return
        known = self._cluster(change.cluster)
        if isinstance(change.body, Heartbeat):
            known.heard(partition, change.body, self.partitions)
        known.directory.apply(change)

    def directory(self, cluster: str) -> Directory:
        """The cluster's directory, empty if nothing is known of it."""
        return self._cluster(cluster).directory

    def watermark(self, cluster: str) -> Millis:
        """The cluster's inventory is complete up to this moment; 0 if no heartbeat has come to every partition."""
        known = self._known.get(cluster)
        return known.directory.watermark if known is not None else 0

    def watermarks(self) -> Mapping[str, Millis]:
        """The same for every cluster; may be asked from another thread."""
        return {name: known.directory.watermark for name, known in tuple(self._known.items())}

    def objects(self) -> Mapping[str, Mapping[str, int]]:
        """How many objects each cluster's directory holds, by what they are; the same."""
        return {name: known.directory.counts() for name, known in tuple(self._known.items())}

    def _cluster(self, name: str) -> _Cluster:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = _Cluster()
        return known
