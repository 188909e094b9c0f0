"""The columns of a `WorkloadEdges` record as rows: codes and indexes as they are, checked once for the whole record."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from schemas.records import WorkloadEdges
from schemas.records.connections import BASES, PROTOCOLS, ROLES

Row: TypeAlias = tuple[int, int, int, int, int, int, int, int, int, int, int, int, int, int, int]
"""Source, workload, peer, service, role, observer, basis, protocol, established, port, count, first, last, shared, far.

Source to service and far are indexes into the record's tables, role to protocol codes, last is after first.
"""


def rows_of(record: WorkloadEdges) -> Iterator[Row]:
    """All observations; raises ValueError or IndexError, before the first row, if columns and tables disagree."""
    columns = record.edges
    length = len(columns)
    every = (
        columns.sources, columns.workloads, columns.peers, columns.services, columns.roles, columns.observed_by,
        columns.bases, columns.protocols, columns.established, columns.ports, columns.counts, columns.first_seen,
        columns.last_seen, columns.shared or bytes(length), columns.far or (-1,) * length,
    )  # fmt: skip
    if any(len(column) != length for column in every):
        raise ValueError("the columns are not of one length")
    if length:
        _check(record)
    return zip(*every, strict=True)


def _check(record: WorkloadEdges) -> None:
    columns = record.edges
    _within("source", columns.sources, 0, len(record.sources))
    _within("workload", columns.workloads, 0, len(record.workloads))
    _within("peer", columns.peers, 0, len(record.peers))
    _within("service", columns.services, -1, len(record.services))
    _within("node", columns.far or (-1,), -1, len(record.nodes))
    _within("role", columns.roles, 0, len(ROLES))
    _within("observer", columns.observed_by, 0, len(ROLES))
    _within("basis", columns.bases, 0, len(BASES))
    _within("protocol", columns.protocols, 0, len(PROTOCOLS))
    _within("port", columns.ports, 0, 1 << 16)
    if min(columns.counts) < 0:
        raise ValueError("a count is negative")


def _within(name: str, column: Sequence[int], lowest: int, end: int) -> None:
    if min(column) < lowest or max(column) >= end:
        raise IndexError(f"a {name} is out of range")
