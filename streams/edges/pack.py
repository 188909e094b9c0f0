"""Enriched batches as the edges of each partition, still in arrays: `pack`.

Every partition hears of every batch, so that each sees the same watermark and the same gaps.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

import numpy as np

from schemas.records import BatchSource, EdgeColumns, WorkloadEdges
from streams.directory.resolve import OPPOSITE
from streams.edges.enrich import Enriched
from streams.edges.tables import NONE, Longs, Tables

_OPPOSITE: Final = np.array(OPPOSITE, np.int64)
NUMBERS: Final = ("sources", "workloads", "peers", "services", "ports", "counts", "first_seen", "last_seen", "far")
BYTES: Final = ("roles", "observed_by", "bases", "protocols", "established", "shared")


class Part(NamedTuple):
    """The edges of one partition: the tables of a `WorkloadEdges`, of numbers, and its rows in the columns."""

    partition: int
    workloads: list[int]
    peers: list[int]
    services: list[int]
    nodes: list[int]
    rows: slice


@dataclass(frozen=True, slots=True)
class Packed:
    """The edges of one cluster's batches.

    Attributes:
        tables: What the numbers of the parts' tables stand for, and the cluster's name.
        sources: The batches, in order.
        parts: One for each partition, in order.
        columns: As in `EdgeColumns`, the rows of each part after those of the one before; bytes are numbers, too.
    """

    tables: Tables
    sources: tuple[BatchSource, ...]
    parts: list[Part]
    columns: Mapping[str, Longs]

    def records(self) -> Iterator[tuple[int, WorkloadEdges]]:
        """A record for each partition, without Avro in between."""
        for part in self.parts:
            columns: dict[str, Any] = {
                name: tuple(self.columns[name][part.rows].tolist()) for name in NUMBERS if self.has(part, name)
            }
            columns |= {
                name: self.columns[name][part.rows].astype(np.uint8).tobytes()
                for name in BYTES if self.has(part, name)
            }  # fmt: skip
            workloads, peers, services, nodes = (
                tuple(table.values[number] for number in numbers)
                for table, numbers in zip(self.tables.all, part[1:-1], strict=True)
            )
            edges = EdgeColumns(**columns)
            record = WorkloadEdges(self.tables.cluster, self.sources, workloads, peers, services, edges, nodes)
            yield part.partition, record

    def has(self, part: Part, column: str) -> bool:
        """Whether the column says anything; two are left out where they do not."""
        if column == "far":
            return bool(part.nodes)
        return column != "shared" or bool(self.columns[column][part.rows].any())


def pack(batches: Sequence[Enriched]) -> tuple[Packed, ...]:
    """One for each cluster, of all its batches in their order; those of a cluster have the same tables."""
    clusters: dict[str, list[Enriched]] = {}
    for batch in batches:
        clusters.setdefault(batch.cluster, []).append(batch)
    return tuple(_packed(own[0].answers.tables, own) for own in clusters.values())


class _Views(NamedTuple):
    """What single workloads see of connections, in columns by number of the tables."""

    rows: Longs
    workloads: Longs
    peers: Longs
    services: Longs
    roles: Longs
    ports: Longs
    nodes: Longs
    shared: Longs


class _Seen(NamedTuple):
    """What batches say of their connections, one batch after the other."""

    sources: Longs
    counts: Longs
    first_seen: Longs
    last_seen: Longs
    roles: Longs
    bases: Longs
    protocols: Longs
    established: Longs


def _packed(tables: Tables, batches: Sequence[Enriched]) -> Packed:
    seen = _seen(batches)
    views = _views(tables, batches, seen)
    to, source = tables.partition()[views.workloads], seen.sources[views.rows]
    order = np.argsort(to * len(batches) + source, kind="stable")
    to, views = to[order], _Views(*(column[order] for column in views))
    columns = {
        "sources": seen.sources[views.rows], "workloads": views.workloads, "peers": views.peers,
        "services": views.services, "roles": views.roles, "observed_by": seen.roles[views.rows],
        "bases": seen.bases[views.rows], "protocols": seen.protocols[views.rows],
        "established": seen.established[views.rows], "ports": views.ports, "counts": seen.counts[views.rows],
        "first_seen": seen.first_seen[views.rows], "last_seen": seen.last_seen[views.rows], "shared": views.shared,
        "far": views.nodes,
    }  # fmt: skip
    ends = np.searchsorted(to, np.arange(tables.partitions), side="right").tolist()
    rows = [slice(begin, end) for begin, end in pairwise((0, *ends))]
    tabled = (
        _tabled(columns[column], rows, len(table.values))
        for column, table in zip(("workloads", "peers", "services", "far"), tables.all, strict=True)
    )
    parts = map(Part, range(tables.partitions), *tabled, rows)
    return Packed(tables, tuple(batch.source for batch in batches), [*parts], columns)


def _tabled(column: Longs, parts: Sequence[slice], most: int) -> Iterator[list[int]]:
    """Of each part, its distinct numbers in order of first use; it then has their places instead."""
    places = np.empty(most + 1, np.int64)  # by number; the last is that of -1
    for rows in parts:
        numbers = column[rows]
        order = np.arange(len(numbers))
        places[numbers[::-1]] = order[::-1]
        table = numbers[(places[numbers] == order) & (numbers != NONE)]
        places[table] = order[: len(table)]
        places[NONE] = NONE
        column[rows] = places[numbers]
        yield table.tolist()


def _seen(batches: Sequence[Enriched]) -> _Seen:
    columns = [batch.batch.connections for batch in batches]
    lengths = [*map(len, columns)]
    begins = np.array([batch.batch.interval_start for batch in batches], np.int64)
    first_seen = _joined((one.first_seen for one in columns), sum(lengths)) + np.repeat(begins, lengths)
    return _Seen(
        np.repeat(np.arange(len(batches)), lengths),
        _joined((one.counts for one in columns), sum(lengths)),
        first_seen,
        _joined((one.last_seen for one in columns), sum(lengths)),
        _codes(one.roles for one in columns),
        _codes(one.bases for one in columns),
        _codes(one.protocols for one in columns),
        _codes(one.established for one in columns),
    )


def _joined(columns: Iterable[tuple[int, ...]], length: int) -> Longs:
    return np.fromiter(chain.from_iterable(columns), np.int64, length)


def _codes(columns: Iterable[bytes]) -> Longs:
    return np.frombuffer(b"".join(columns), np.uint8).astype(np.int64)


def _views(tables: Tables, batches: Sequence[Enriched], seen: _Seen) -> _Views:
    """Of each connection, the own end's view and the other's, then those that are links already."""
    offsets = np.cumsum([0, *(len(batch.batch.connections) for batch in batches)])
    plain = [
        np.concatenate([getattr(batch.plain, name) for batch in batches])
        for name in ("workloads", "peers", "far_workloads", "far_peers", "services", "ports", "nodes")
    ]
    workloads, peers, far_workloads, far_peers, services, ports, nodes = plain
    rows = np.concatenate([batch.plain.rows + offset for batch, offset in zip(batches, offsets, strict=False)])
    roles, none = seen.roles[rows], np.zeros(len(rows), np.int64)
    own = _Views(rows, workloads, far_peers, services, roles, ports, nodes, none)
    is_pod = far_workloads != NONE
    other = _Views(rows, far_workloads, peers, services, _OPPOSITE[roles], ports, nodes, none)
    linked = _linked(tables, batches, offsets.tolist())
    return _Views(
        *(np.concatenate((mine, theirs[is_pod], links)) for mine, theirs, links in zip(own, other, linked, strict=True))
    )


def _linked(tables: Tables, batches: Sequence[Enriched], offsets: Sequence[int]) -> _Views:
    found = [
        (
            offset + row, tables.workloads.number(link.workload), tables.peers.number(link.peer),
            tables.service(link.service), link.role, link.port, tables.node(link.far), int(link.shared),
        )
        for batch, offset in zip(batches, offsets, strict=False)
        for link, row in zip(batch.links, batch.rows, strict=True)
    ]  # fmt: skip
    return _Views(*np.array(found, np.int64).reshape(-1, len(_Views._fields)).T)
