"""Edges of a recording as windows per workload: a fold whose result no order of the lines can change."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from schemas.records import Edge, Millis, Role, Workload, WorkloadRef, WorkloadWindow
from synthesizer.evidence import edge_order

WINDOW_MS: Final = 300_000
"""As long as a window of `stream` is by default."""

CLUSTER: Final = "recorded"


@dataclass(frozen=True, slots=True)
class _Key:
    workload: WorkloadRef
    start: Millis


class WindowFold:
    """Takes edges in any order and gives their windows.

    The same edge seen again adds its counts; first and last sighting, bases and services are united.
    """

    def __init__(self) -> None:
        self._edges: dict[_Key, dict[Edge, Edge]] = {}
        self._workloads: dict[_Key, Workload] = {}

    def add(self, workload: Workload, edge: Edge, start: Millis | None = None) -> None:
        """One edge; its window is that of its last sighting, as in `stream`, unless `start` (ms) says which."""
        key = _Key(workload.ref, edge.last_seen // WINDOW_MS * WINDOW_MS if start is None else start)
        known = self._workloads.setdefault(key, workload)
        self._workloads[key] = max(known, workload, key=lambda one: (one.host_network, one.selector))
        edges = self._edges.setdefault(key, {})
        identity = Edge(edge.role, edge.peer, edge.protocol, edge.port, 0, 0, 0, 0, 0, 0)
        edges[identity] = _sum(edges[identity], edge) if identity in edges else edge

    def windows(self) -> Iterator[WorkloadWindow]:
        """All windows, by workload and start, edges in the one order."""
        for key in sorted(self._edges, key=lambda key: (key.workload, key.start)):
            edges = tuple(sorted(self._edges[key].values(), key=edge_order))
            yield _window(self._workloads[key], key.start, edges)


def _window(workload: Workload, start: Millis, edges: tuple[Edge, ...]) -> WorkloadWindow:
    return WorkloadWindow(
        CLUSTER, workload, start, start + WINDOW_MS, revision=1, final=True, complete=True, incomplete_because=(),
        sources=(), edges=edges,
    )  # fmt: skip


def _sum(one: Edge, other: Edge) -> Edge:
    ends = {*one.seen_by, *other.seen_by}
    total = replace(
        one,
        client_count=one.client_count + other.client_count,
        server_count=one.server_count + other.server_count,
        unknown_count=one.unknown_count + other.unknown_count,
        attempts=one.attempts + other.attempts,
        first_seen=min(one.first_seen, other.first_seen),
        last_seen=max(one.last_seen, other.last_seen),
        still_open=(),
        bases=tuple(sorted({*one.bases, *other.bases}, key=lambda basis: basis.value)),
        services=tuple(sorted({*one.services, *other.services})),
    )
    return replace(total, still_open=tuple(end for end in Role if end in ends and end not in total.seen_by))
