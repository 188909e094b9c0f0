"""The columns of a `WorkloadEdges` record as rows that a window can count."""

from typing import NamedTuple

from schemas.records import EdgeColumns, WorkloadEdges
from schemas.records.connections import BASES, PROTOCOLS, ROLES
from streams.edge_sum import Sighting
from streams.order import EdgeKey


class Row(NamedTuple):
    """One observation.

    Attributes:
        source: Index into the record's sources.
        workload: Index into the record's workloads.
        key: The edge.
        seen: What one end saw of it.
    """

    source: int
    workload: int
    key: EdgeKey
    seen: Sighting


def unpack(record: WorkloadEdges) -> list[Row]:
    """All observations; raises ValueError or IndexError if the columns and tables disagree."""
    columns = record.edges
    _check(columns)
    services = (*record.services, None)
    rows: list[Row] = []
    for (
        source, workload, peer, service, role, observer, basis, protocol, established, port, count, first, last, shared,
    ) in zip(
        columns.sources, columns.workloads, columns.peers, columns.services, columns.roles, columns.observed_by,
        columns.bases, columns.protocols, columns.established, columns.ports, columns.counts, columns.first_seen,
        columns.last_seen, columns.shared or bytes(len(columns)), strict=True,
    ):  # fmt: skip
        _ = record.sources[source], record.workloads[workload], BASES[basis], ROLES[observer]
        key = (ROLES[role], record.peers[peer], PROTOCOLS[protocol], port)
        seen = Sighting(observer, basis, bool(established), count, first, first + last, services[service], bool(shared))
        rows.append(Row(source, workload, key, seen))
    return rows


def _check(columns: EdgeColumns) -> None:
    lowest = min((*columns.sources, *columns.workloads, *columns.peers, *columns.counts), default=0)
    if lowest < 0 or min(columns.services, default=-1) < -1:
        raise ValueError("an index or a count is negative")
