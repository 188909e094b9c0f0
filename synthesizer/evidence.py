"""Windows folded into all that is known of a workload: a pure fold, the same in any order and under repetition.

A window that may still change is kept by its start (the larger count stands), so that its next revision replaces it.
Once it is older than `RECENT_MS` behind the newest window it is added to the totals; should it come again, its edges
are still united, but nothing is counted twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from schemas.records import (
    Edge,
    EdgeEvidence,
    ExternalPeer,
    Peer,
    PolicySuggestion,
    Protocol,
    Role,
    WindowCount,
    Workload,
    WorkloadPeer,
    WorkloadRef,
    WorkloadWindow,
)
from synthesizer import crowds
from synthesizer.peers import identity, order
from synthesizer.sightings import joined, settled, sighted

RECENT_MS: Final = 3_600_000
"""How long a window may still change, behind the newest one: far more than any lateness that streams allow."""


@dataclass(frozen=True, slots=True)
class EdgeKey:
    """An edge's identity within a workload.

    Attributes:
        role: What the workload did.
        peer: The other end's identity, without what may change.
        protocol: TCP, UDP or SCTP.
        port: The server pod's port.
    """

    role: Role
    peer: Peer
    protocol: Protocol
    port: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a workload; `PolicySuggestion` carries the same, so that nothing else need be stored.

    Attributes:
        cluster: The cluster's name.
        workload: The workload as its newest window has it.
        edges: Its edges.
        first_window: Start of the first window seen, in ms.
        last_window: Start of the last window seen, in ms.
        windows: Windows that can change no more.
        recent_windows: Windows that may still change: start, and 1 if incomplete.
        incomplete_windows: Windows with a gap or a loss that can change no more.
    """

    cluster: str
    workload: Workload
    edges: Mapping[EdgeKey, EdgeEvidence] = field(default_factory=dict)
    first_window: int = 0
    last_window: int = 0
    windows: int = 0
    recent_windows: tuple[WindowCount, ...] = ()
    incomplete_windows: int = 0


def key_of(edge: Edge | EdgeEvidence) -> EdgeKey:
    """The edge's identity."""
    return EdgeKey(edge.role, identity(edge.peer), edge.protocol, edge.port)


def edge_order(edge: Edge | EdgeEvidence) -> tuple[str, tuple[str, ...], str, int]:
    """The one order of edges."""
    return (edge.role.value, order(edge.peer), edge.protocol.value, edge.port)


def fold(
    known: Evidence | None, window: WorkloadWindow, recent_ms: int = RECENT_MS, crowd: int = crowds.LIMIT
) -> Evidence:
    """What is known with one more window.

    Args:
        known: What was known; None for nothing.
        window: The window.
        recent_ms: How long a window may still change, behind the newest.
        crowd: External peers of one kind that are told apart at most, see `synthesizer.crowds`.
    """
    if known is None:
        known = Evidence(window.cluster, window.workload, {}, window.start, window.start)
    newest = max(known.last_window, window.start)
    floor = newest - recent_ms
    late = window.start < floor
    edges = _bounded(_joined_edges(known.edges, window, late=late), crowd)
    if newest > known.last_window:
        edges = {key: settled(edge, floor) for key, edge in edges.items()}
    counted = known if late else _with_window(known, window)
    return replace(
        _settled_windows(counted, floor),
        workload=_newest_workload(known, window),
        edges=edges,
        first_window=min(known.first_window, window.start),
        last_window=newest,
    )


def fold_all(windows: Iterable[WorkloadWindow]) -> dict[WorkloadRef, Evidence]:
    """Evidence of every workload in the windows, whatever their order."""
    known: dict[WorkloadRef, Evidence] = {}
    for window in sorted(windows, key=lambda window: (window.start, window.revision)):
        known[window.workload.ref] = fold(known.get(window.workload.ref), window)
    return known


def evidence_of(suggestion: PolicySuggestion) -> Evidence:
    """The evidence that a suggestion carries."""
    return Evidence(
        suggestion.cluster,
        suggestion.workload,
        {key_of(edge): edge for edge in suggestion.evidence},
        suggestion.first_window,
        suggestion.last_window,
        suggestion.windows,
        suggestion.recent_windows,
        suggestion.incomplete_windows,
    )


def established_edges(evidence: Evidence) -> tuple[EdgeEvidence, ...]:
    """The edges that are evidence for a rule, in the one order, each peer as it was last seen on any edge."""
    current = current_workloads(evidence)
    edges = {key: _with_current_peer(edge, current) for key, edge in evidence.edges.items() if edge.established}
    for edge in tuple(edges.values()):
        if isinstance(edge.peer, WorkloadPeer) and edge.peer.workload.ref == evidence.workload.ref:
            mirrored = _from_other_end(edge)
            edges.setdefault(key_of(mirrored), mirrored)
    return tuple(sorted(edges.values(), key=edge_order))


def _from_other_end(edge: EdgeEvidence) -> EdgeEvidence:
    """A connection between two pods of the workload has both of its ends in it, whichever was reported."""
    other = {Role.CLIENT: Role.SERVER, Role.SERVER: Role.CLIENT, Role.UNKNOWN: Role.UNKNOWN}
    return replace(edge, role=other[edge.role])


def current_workloads(evidence: Evidence) -> dict[WorkloadRef, Workload]:
    """The subject and its peers as they were last seen: labels may change, and the newest count for all edges."""
    seen: dict[WorkloadRef, tuple[int, tuple[str, ...], Workload]] = {}
    for edge in evidence.edges.values():
        if isinstance(edge.peer, WorkloadPeer):
            ref = edge.peer.workload.ref
            candidate = (edge.last_seen, order(edge.peer), edge.peer.workload)
            seen[ref] = max(seen.get(ref, candidate), candidate, key=lambda one: one[:2])
    current = {ref: workload for ref, (_, _, workload) in seen.items()}
    return current | {evidence.workload.ref: evidence.workload}


def _with_current_peer(edge: EdgeEvidence, current: Mapping[WorkloadRef, Workload]) -> EdgeEvidence:
    if not isinstance(edge.peer, WorkloadPeer):
        return edge
    return replace(edge, peer=WorkloadPeer(current[edge.peer.workload.ref]))


def _joined_edges(
    known: Mapping[EdgeKey, EdgeEvidence], window: WorkloadWindow, *, late: bool
) -> dict[EdgeKey, EdgeEvidence]:
    fresh: dict[EdgeKey, EdgeEvidence] = {}
    for edge in window.edges:
        if _is_evidence(edge, window):
            key = key_of(edge)
            fresh[key] = sighted(fresh.get(key), edge, window.start)
    levels = crowds.levels_of([*known.values(), *fresh.values()])
    edges = _at_levels(known, crowds.coarser(known.values(), levels))
    for sighting in crowds.at_levels(fresh.values(), levels):
        key = key_of(sighting)
        edges[key] = joined(edges.get(key), sighting, late=late)
    return edges


def _is_evidence(edge: Edge, window: WorkloadWindow) -> bool:
    """Whoever scans us is none, and no state; what another end may yet explain is none before the window is final."""
    if not edge.established and isinstance(edge.peer, ExternalPeer):
        return False
    return window.final or not (edge.shared or edge.hidden_client)


def _bounded(edges: dict[EdgeKey, EdgeEvidence], crowd: int) -> dict[EdgeKey, EdgeEvidence]:
    return _at_levels(edges, crowds.needed_levels(edges.values(), crowd))


def _at_levels(
    edges: Mapping[EdgeKey, EdgeEvidence], levels: Mapping[crowds.Crowd, int]
) -> dict[EdgeKey, EdgeEvidence]:
    """All edges anew; dear, and needed only where there are levels to tell them apart by."""
    return {key_of(edge): edge for edge in crowds.at_levels(edges.values(), levels)} if levels else dict(edges)


def _newest_workload(known: Evidence, window: WorkloadWindow) -> Workload:
    if window.start != known.last_window:
        return window.workload if window.start > known.last_window else known.workload
    return max(known.workload, window.workload, key=lambda workload: (workload.host_network, workload.selector))


def _with_window(known: Evidence, window: WorkloadWindow) -> Evidence:
    incomplete = int(window.final and not window.complete)
    starts = {one.start: one.count for one in known.recent_windows}
    starts[window.start] = max(starts.get(window.start, 0), incomplete)
    return replace(known, recent_windows=tuple(WindowCount(*item) for item in sorted(starts.items())))


def _settled_windows(known: Evidence, floor: int) -> Evidence:
    old = [one for one in known.recent_windows if one.start < floor]
    if not old:
        return known
    return replace(
        known,
        windows=known.windows + len(old),
        incomplete_windows=known.incomplete_windows + sum(one.count for one in old),
        recent_windows=known.recent_windows[len(old) :],
    )
