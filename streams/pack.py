"""Enriched batches as one record for each partition: `pack`.

Every partition hears of every batch, so that each sees the same watermark and the same gaps.
"""

from collections.abc import Callable, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from schemas.records import BatchSource, ConnectionBatch, EdgeColumns, WorkloadEdges
from schemas.topics import partition_of
from streams.enrich import Enriched

_NONE: Final = -1
_NUMBERS: Final = ("sources", "workloads", "peers", "services", "ports", "counts", "first_seen", "last_seen", "far")
_CODES: Final = ("roles", "observed_by", "bases", "protocols", "established", "shared")
_Row: TypeAlias = tuple[int, int, int, int, int, int, bool, int]
"""A connection's position in its batch; workload, peer and Service in the record; role, port, shared; far node."""


class Packed(NamedTuple):
    """A record and where it goes."""

    partition: int
    record: WorkloadEdges


class _Table:
    """Distinct values in order of first use. The same object is found without comparing it."""

    def __init__(self) -> None:
        self.values: dict[Any, int] = {}
        self.places: dict[int, int] = {}

    def place(self, value: object) -> int:
        """The value's index, from now on also in `places`."""
        found = self.places[id(value)] = self.values.setdefault(value, len(self.values))
        return found


class _Builder:
    """The tables and columns of one record."""

    def __init__(self) -> None:
        self.workloads, self.peers, self.services, self.nodes = _Table(), _Table(), _Table(), _Table()
        self.services.places[id(None)] = self.nodes.places[id("")] = _NONE
        self.rows: list[_Row] = []
        self._numbers: dict[str, list[int]] = {name: [] for name in _NUMBERS}
        self._codes: dict[str, bytearray] = {name: bytearray() for name in _CODES}

    def end(self, source: int, batch: ConnectionBatch) -> None:
        """All rows of a batch are there: they become columns."""
        if not self.rows:
            return
        places, workloads, peers, services, roles, ports, shared, far = zip(*self.rows, strict=True)
        self.rows = []
        pick, seen, start = _picker(places), batch.connections, batch.interval_start
        numbers, codes = self._numbers, self._codes
        numbers["sources"] += repeat(source, len(places))
        numbers["workloads"] += workloads
        numbers["peers"] += peers
        numbers["services"] += services
        numbers["ports"] += ports
        numbers["far"] += far
        numbers["counts"] += pick(seen.counts)
        numbers["first_seen"] += [start + first for first in pick(seen.first_seen)]
        numbers["last_seen"] += pick(seen.last_seen)
        codes["roles"] += bytes(roles)
        codes["observed_by"] += bytes(pick(seen.roles))
        codes["bases"] += bytes(pick(seen.bases))
        codes["protocols"] += bytes(pick(seen.protocols))
        codes["established"] += bytes(pick(seen.established))
        codes["shared"] += bytes(shared)

    def record(self, cluster: str, sources: tuple[BatchSource, ...]) -> WorkloadEdges:
        """Everything so far."""
        columns: dict[str, Any] = {name: bytes(column) for name, column in self._codes.items()}
        if not any(columns["shared"]):
            columns["shared"] = b""
        columns |= {name: tuple(column) for name, column in self._numbers.items()}
        tables = (self.workloads, self.peers, self.services, self.nodes)
        workloads, peers, services, nodes = (tuple(one.values) for one in tables)
        if not nodes:
            columns["far"] = ()
        return WorkloadEdges(cluster, sources, workloads, peers, services, EdgeColumns(**columns), nodes)


def pack(batches: Sequence[Enriched], partitions: int) -> tuple[Packed, ...]:
    """One record for each cluster and partition, holding all batches in their order."""
    packed: list[Packed] = []
    for cluster in dict.fromkeys(batch.cluster for batch in batches):
        own = [batch for batch in batches if batch.cluster == cluster]
        sources = tuple(batch.source for batch in own)
        builders = _sorted_out(cluster, own, partitions)
        packed += [Packed(index, builder.record(cluster, sources)) for index, builder in enumerate(builders)]
    return tuple(packed)


def _sorted_out(cluster: str, batches: Sequence[Enriched], partitions: int) -> list[_Builder]:
    builders = [_Builder() for _ in range(partitions)]
    known: dict[int, tuple[int, _Builder]] = {}
    for source, batch in enumerate(batches):
        for (workload, peer, service, role, port, shared, far), row in zip(batch.links, batch.rows, strict=True):
            place = known.get(id(workload))
            if place is None:
                builder = builders[partition_of(cluster, workload.ref, partitions)]
                place = known[id(workload)] = (builder.workloads.place(workload), builder)
            subject, builder = place
            other = builder.peers.places.get(id(peer))
            if other is None:
                other = builder.peers.place(peer)
            through = builder.services.places.get(id(service))
            if through is None:
                through = builder.services.place(service)
            node = builder.nodes.places.get(id(far))
            if node is None:
                node = builder.nodes.place(far)
            builder.rows.append((row, subject, other, through, role, port, shared, node))
        for builder in builders:
            builder.end(source, batch.batch)
    return builders


def _picker(rows: tuple[int, ...]) -> Callable[[Sequence[int]], tuple[int, ...]]:
    """Takes these positions out of a column."""
    if len(rows) > 1:
        return itemgetter(*rows)
    (only,) = rows
    return lambda column: (column[only],)
