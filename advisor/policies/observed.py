"""What was observed, each connection once: both ends tell of it, and either may be missing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from schemas.records import (
    EdgeEvidence,
    Millis,
    Peer,
    Protocol,
    Role,
    Workload,
    WorkloadPeer,
    WorkloadRef,
    WorkloadWindow,
)
from synthesizer.check import problem_of
from synthesizer.evidence import Evidence, current_workloads, established_edges, fold
from synthesizer.peers import identity, order

_Key: TypeAlias = tuple[Peer, Peer, Protocol, int, bool]


@dataclass(frozen=True, slots=True)
class ObservedEdge:
    """Connections between two ends to one port.

    Attributes:
        client: Who connected; one of the two ends, whichever, if `known_role` is False.
        server: To whom.
        protocol: TCP, UDP or SCTP.
        port: The server's port, a pod port if it is a pod.
        connections: Established ones, as the end that saw more of them counted.
        first_seen: The first observation.
        last_seen: The last one.
        seen_by: `client`, `server` or both.
        known_role: Whether it is known which end was the client.
        candidate: The Service in between stands for several workloads, and nobody told that it was this one.
    """

    client: Peer
    server: Peer
    protocol: Protocol
    port: int
    connections: int
    first_seen: Millis
    last_seen: Millis
    seen_by: frozenset[str] = frozenset()
    known_role: bool = True
    candidate: bool = False


@dataclass(frozen=True, slots=True)
class Observations:
    """All that was observed.

    Attributes:
        edges: In one fixed order.
        workloads: Each workload as it was last seen.
        tried: Edges on which no connection came about.
        unusable: Windows that were left out, for they cannot be used.
        notes: What a person should know of where they come from, a sentence each.
    """

    edges: tuple[ObservedEdge, ...] = ()
    workloads: Mapping[WorkloadRef, Workload] = field(default_factory=dict)
    tried: int = 0
    unusable: int = 0
    notes: tuple[str, ...] = ()


class Gathering:
    """Takes windows in any order, and any number of times.

    Attributes:
        unusable: Windows that were left out.
    """

    def __init__(self) -> None:
        self._evidence: dict[WorkloadRef, Evidence] = {}
        self.unusable = 0

    def take(self, window: WorkloadWindow) -> None:
        """One window, or a newer revision of it."""
        if problem_of(window):
            self.unusable += 1
            return
        ref = window.workload.ref
        self._evidence[ref] = fold(self._evidence.get(ref), window)

    def observations(self) -> Observations:
        """All of it."""
        return replace(observations_of(self._evidence.values()), unusable=self.unusable)


def observations_of(evidence: Iterable[Evidence]) -> Observations:
    """What workloads' evidence tells, each connection once."""
    found: dict[_Key, ObservedEdge] = {}
    known = tuple(evidence)
    workloads = _workloads(known)
    tried: set[_Key] = set()
    for one in known:
        attempts = (edge for edge in one.edges.values() if not edge.established)
        tried |= {_key(_observed(one.workload, edge, workloads)) for edge in attempts}
        for edge in established_edges(one):
            seen = _observed(one.workload, edge, workloads)
            key = _key(seen)
            found[key] = _joined(found[key], seen) if key in found else seen
    return Observations(tuple(sorted(found.values(), key=_order)), workloads, len(tried - found.keys()))


def _key(edge: ObservedEdge) -> _Key:
    return (identity(edge.client), identity(edge.server), edge.protocol, edge.port, edge.known_role)


def _workloads(known: Iterable[Evidence]) -> dict[WorkloadRef, Workload]:
    """What a workload's own windows say of it stands; of others, what their peers saw."""
    evidence = tuple(known)
    seen: dict[WorkloadRef, Workload] = {}
    for one in evidence:
        for ref, workload in current_workloads(one).items():
            seen[ref] = max(seen.get(ref, workload), workload, key=lambda each: (each.host_network, each.selector))
    return seen | {one.workload.ref: one.workload for one in evidence}


def _observed(subject: Workload, edge: EdgeEvidence, workloads: Mapping[WorkloadRef, Workload]) -> ObservedEdge:
    peer: Peer = edge.peer
    if isinstance(peer, WorkloadPeer):
        peer = WorkloadPeer(workloads[peer.workload.ref])
    own = WorkloadPeer(subject)
    client, server = (peer, own) if edge.role is Role.SERVER else (own, peer)
    ends = {"client": edge.seen_by_client, "server": edge.seen_by_server}
    return ObservedEdge(
        client,
        server,
        edge.protocol,
        edge.port,
        edge.total_count,
        edge.first_seen,
        edge.last_seen,
        frozenset(end for end, saw in ends.items() if saw),
        edge.role is not Role.UNKNOWN,
        edge.shared,
    )


def _joined(one: ObservedEdge, other: ObservedEdge) -> ObservedEdge:
    return replace(
        one,
        connections=max(one.connections, other.connections),
        first_seen=min(one.first_seen, other.first_seen),
        last_seen=max(one.last_seen, other.last_seen),
        seen_by=one.seen_by | other.seen_by,
        candidate=one.candidate and other.candidate,
    )


def _order(edge: ObservedEdge) -> tuple[tuple[str, ...], tuple[str, ...], str, int]:
    return (order(edge.client), order(edge.server), edge.protocol.value, edge.port)
