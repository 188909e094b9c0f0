"""Numbers for what edges are made of, so that a step's edges are columns of numbers: `Tables`."""

from collections.abc import Hashable
from typing import Any, Final, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from schemas.records import Peer, ServiceRef, Workload, WorkloadPeer
from schemas.topics import partition_of

NONE: Final = -1
_MOST: Final = 1 << 16
"""Objects of one kind that are remembered."""
_STRANGERS: Final = 1 << 13
"""Peers that are no workloads: a flood of addresses must not stay, nor cost the workloads' places."""
Longs: TypeAlias = NDArray[np.int64]
T = TypeVar("T", bound=Hashable)


class Column:
    """Rows of numbers that become more, as an array.

    Args:
        width: Numbers of a row.
    """

    def __init__(self, width: int = 1) -> None:
        self._width = width
        self._values: list[int] = []
        self._array: Longs = np.empty(width << 8, np.int64)
        self._copied = 0
        self.extend = self._values.extend

    def __len__(self) -> int:
        """How many rows."""
        return len(self._values) // self._width

    def array(self) -> Longs:
        """All of them, rows by width; good until the next `extend`."""
        copied, length = self._copied, len(self._values)
        if length > len(self._array):
            larger = np.empty(2 * length, np.int64)
            larger[:copied] = self._array[:copied]
            self._array = larger
        if length > copied:
            self._array[copied:length] = self._values[copied:]
            self._copied = length
        return self._array[:length].reshape(-1, self._width)


class Numbered(Generic[T]):
    """Distinct values by number. The same object is found without comparing it.

    Attributes:
        values: By number.
        written: Their Avro bytes by number, as far as somebody has asked for them.
    """

    def __init__(self) -> None:
        self.values: list[T] = []
        self.written: list[bytes] = []
        self._numbers: dict[T, int] = {}
        self._known: dict[int, int] = {}
        self._same: list[T] = []

    def number(self, value: T) -> int:
        """The value's number."""
        known = self._known.get(id(value))
        return self._new(value) if known is None else known

    def __len__(self) -> int:
        """How many objects are remembered; equal ones may be several."""
        return len(self._known)

    def _new(self, value: T) -> int:
        found = self._numbers.setdefault(value, len(self.values))
        if found == len(self.values):
            self.values.append(value)
        self._known[id(value)] = found
        self._same.append(value)  # as long as it lives, its identity is no other's
        return found


class Tables:
    """What the edges of one cluster are made of.

    Args:
        cluster: Its name.
        partitions: Of the edges.

    Attributes:
        workloads: Subjects.
        peers: Theirs.
        services: Between them.
        nodes: Of ends that were not observed.
    """

    def __init__(self, cluster: str, partitions: int) -> None:
        self.cluster = cluster
        self.partitions = partitions
        self._begin()

    def _begin(self) -> None:
        self.workloads: Numbered[Workload] = Numbered()
        self.peers: Numbered[Peer] = Numbered()
        self.services: Numbered[ServiceRef] = Numbered()
        self.nodes: Numbered[str] = Numbered()
        self._workloads: dict[int, tuple[int, int]] = {}
        self._partitions = Column()

    @property
    def all(self) -> tuple[Numbered[Any], ...]:
        """All four, in the order of the record's tables."""
        return (self.workloads, self.peers, self.services, self.nodes)

    def tidy(self) -> None:
        """Forget what there is too much of; all numbers may be others then."""
        if max(len(self.workloads), len(self._workloads), len(self.services), len(self.nodes)) > _MOST:
            self._begin()
        elif len(self.peers) - len(self._workloads) > _STRANGERS:
            self._forget_strangers()

    def workload(self, peer: WorkloadPeer) -> tuple[int, int]:
        """The number of a workload as a subject, and as a peer."""
        known = self._workloads.get(id(peer))
        if known is None:  # the peers' table keeps it, so its identity is no other's
            known = self._workloads[id(peer)] = self.workloads.number(peer.workload), self.peers.number(peer)
        return known

    def service(self, value: ServiceRef | None) -> int:
        """Its number, or -1."""
        return NONE if value is None else self.services.number(value)

    def node(self, value: str) -> int:
        """Its number, or -1 for the empty string."""
        return self.nodes.number(value) if value else NONE

    def partition(self) -> Longs:
        """Of each workload's edges, by its number."""
        new = self.workloads.values[len(self._partitions) :]
        self._partitions.extend([partition_of(self.cluster, workload.ref, self.partitions) for workload in new])
        return self._partitions.array()[:, 0]

    def _forget_strangers(self) -> None:
        before, self.peers = self.peers, Numbered()
        self._workloads.clear()
        for number, peer in enumerate(before.values):
            if isinstance(peer, WorkloadPeer):
                self.workload(peer)
                self.peers.written += before.written[number : number + 1]
