"""Enriched batches as one record for each partition: `pack`.

Every partition hears of every batch, so that each sees the same watermark and the same gaps.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from schemas.records import BatchSource, ConnectionBatch, EdgeColumns, Peer, ServiceRef, Workload, WorkloadEdges
from schemas.topics import partition_of
from streams.directory.resolve import OPPOSITE
from streams.edges.enrich import Enriched

_NONE: Final = -1
_NUMBERS: Final = ("sources", "workloads", "peers", "services", "ports", "counts", "first_seen", "last_seen", "far")
_CODES: Final = ("roles", "observed_by", "bases", "protocols", "established", "shared")
_Row: TypeAlias = tuple[int, int, Peer, ServiceRef | None, int, int, bool, str]
"""A connection's position in its batch; its subject in the record; then as in a link, without the subject."""
_Subject: TypeAlias = tuple[int, Callable[[_Row], None]]
"""A workload's place in its record, and where its rows go."""


class Packed(NamedTuple):
    """A record and where it goes."""

    partition: int
    record: WorkloadEdges


class _Table:
    """Distinct values in order of first use. The same object is found without comparing it."""

    def __init__(self) -> None:
        self.values: dict[Any, int] = {}
        self.places: dict[int, int] = {}

    def of(self, values: Iterable[object]) -> list[int]:
        """The values' indexes."""
        known = self.places
        return [known[one] if (one := id(value)) in known else self.place(value) for value in values]

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
        self.rows.clear()
        pick, seen, start = _picker(places), batch.connections, batch.interval_start
        numbers, codes = self._numbers, self._codes
        numbers["sources"] += repeat(source, len(places))
        numbers["workloads"] += workloads
        numbers["peers"] += self.peers.of(peers)
        numbers["services"] += self.services.of(services)
        numbers["ports"] += ports
        numbers["far"] += self.nodes.of(far)
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
        sorting = _Sorting(cluster, partitions)
        for source, batch in enumerate(own):
            sorting.add(source, batch)
        packed += [Packed(index, builder.record(cluster, sources)) for index, builder in enumerate(sorting.builders)]
    return tuple(packed)


class _Sorting:
    """Links to the record of their subject's partition."""

    def __init__(self, cluster: str, partitions: int) -> None:
        self._cluster = cluster
        self.builders = [_Builder() for _ in range(partitions)]
        self._known: dict[int, _Subject] = {}

    def add(self, source: int, batch: Enriched) -> None:
        """A batch, after those before it."""
        self._links(batch)
        self._pairs(batch)
        for builder in self.builders:
            builder.end(source, batch.batch)

    def _links(self, batch: Enriched) -> None:
        """Those that were made."""
        for (workload, peer, service, role, port, shared, far), row in zip(batch.links, batch.rows, strict=True):
            subject, add = self._known.get(id(workload)) or self._subject(workload)
            add((row, subject, peer, service, role, port, shared, far))

    def _pairs(self, batch: Enriched) -> None:
        """What `links_of` says of each, without making it: whoever changes one changes the other."""
        known, roles = self._known, batch.batch.connections.roles
        for row, own, end, ((_, port, service),) in batch.pairs:
            mine, theirs, role = own.peer, end.peer, roles[row]
            subject, add = known.get(id(mine.workload)) or self._subject(mine.workload)
            add((row, subject, theirs, service, role, port, False, end.node))
            subject, add = known.get(id(theirs.workload)) or self._subject(theirs.workload)
            add((row, subject, mine, service, OPPOSITE[role], port, False, end.node))

    def _subject(self, workload: Workload) -> _Subject:
        builder = self.builders[partition_of(self._cluster, workload.ref, len(self.builders))]
        found = self._known[id(workload)] = (builder.workloads.place(workload), builder.rows.append)
        return found


def _picker(rows: tuple[int, ...]) -> Callable[[Sequence[int]], tuple[int, ...]]:
    """Takes these positions out of a column."""
    if len(rows) > 1:
        return itemgetter(*rows)
    (only,) = rows
    return lambda column: (column[only],)
