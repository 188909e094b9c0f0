"""Edges that differ from an observed one in one thing, and whether they were observed after all.

A random edge seldom finds a policy that is a little too wide; a near miss does.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, assert_never

from schemas.records import (
    ApiServerPeer,
    EdgeEvidence,
    ExternalPeer,
    Labels,
    NodePeer,
    Peer,
    Protocol,
    Role,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
)
from synthesizer.addresses import METADATA, Address, parse_address

_OTHER: Final = "-x"
_HIGHEST_PORT: Final = 65535

Observed = Mapping[tuple[Role, Protocol, int], tuple[Peer, ...]]
"""Peers of observed edges by role, protocol and port."""


def observed_of(edges: Iterable[EdgeEvidence]) -> Observed:
    """The edges, so that a near miss can be looked up."""
    found: dict[tuple[Role, Protocol, int], list[Peer]] = defaultdict(list)
    for edge in edges:
        found[edge.role, edge.protocol, edge.port].append(edge.peer)
    return {key: tuple(peers) for key, peers in found.items()}


def near_misses(edges: Iterable[EdgeEvidence], observed: Observed) -> Iterator[EdgeEvidence]:
    """Near misses of the edges that were not themselves observed."""
    for edge in edges:
        for changed in (*_ports(edge), *_protocols(edge), *_peers(edge), _reversed(edge)):
            if not was_observed(changed, observed):
                yield changed


def was_observed(edge: EdgeEvidence, observed: Observed) -> bool:
    """Whether an observed peer is this one, or carries no label that this one lacks."""
    peers = observed.get((edge.role, edge.protocol, edge.port), ())
    return any(same_end(peer, edge.peer) for peer in peers)


def same_end(known: Peer, peer: Peer) -> bool:
    """Whether what identifies the known peer to a policy also identifies this one."""
    if isinstance(known, WorkloadPeer) and isinstance(peer, WorkloadPeer):
        one, other = known.workload, peer.workload
        return one.namespace == other.namespace and set(one.selector) <= set(other.selector)
    address = address_of(known)
    return address is not None and address == address_of(peer)


def address_of(peer: Peer) -> Address | None:
    """The address by which a policy names the peer, if it is one."""
    match peer:
        case NodePeer(address=address) | ApiServerPeer(address) | ExternalPeer(address):
            return parse_address(address)
        case WorkloadPeer() | UnresolvedPeer():
            return None
        case _:
            assert_never(peer)


def _ports(edge: EdgeEvidence) -> Iterator[EdgeEvidence]:
    beside = {edge.port - 1, edge.port + 1, *(service.port for service in edge.services)}
    for port in sorted(beside - {edge.port}):
        if 1 <= port <= _HIGHEST_PORT:
            yield replace(edge, port=port)


def _protocols(edge: EdgeEvidence) -> Iterator[EdgeEvidence]:
    for protocol in Protocol:
        if protocol is not edge.protocol:
            yield replace(edge, protocol=protocol)


def _reversed(edge: EdgeEvidence) -> EdgeEvidence:
    return replace(edge, role=Role.CLIENT if edge.role is Role.SERVER else Role.SERVER)


def _peers(edge: EdgeEvidence) -> Iterator[EdgeEvidence]:
    match edge.peer:
        case WorkloadPeer(workload):
            for other in _workloads(workload):
                yield replace(edge, peer=WorkloadPeer(other))
        case NodePeer(address=address) | ApiServerPeer(address) | ExternalPeer(address):
            known = parse_address(address)
            neighbour = type(known)(int(known) ^ 1)
            yield replace(edge, peer=ExternalPeer(str(neighbour)))
            yield from (replace(edge, peer=ExternalPeer(str(one))) for one in METADATA if one != known)
        case UnresolvedPeer():
            return
        case _:
            assert_never(edge.peer)


def _workloads(workload: Workload) -> Iterator[Workload]:
    yield replace(workload, namespace=workload.namespace + _OTHER)
    for index in range(len(workload.selector)):
        yield replace(workload, selector=_relabelled(workload.selector, index))
        yield replace(workload, selector=workload.selector[:index] + workload.selector[index + 1 :])


def _relabelled(labels: Labels, index: int) -> Labels:
    key, value = labels[index]
    return (*labels[:index], (key, value + _OTHER), *labels[index + 1 :])
