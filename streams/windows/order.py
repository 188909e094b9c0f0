"""The one fixed order of a window's edges, of peers and of workloads."""

from typing import TypeAlias, assert_never

from schemas.records import (
    ApiServerPeer,
    ExternalPeer,
    NodePeer,
    Peer,
    Protocol,
    Role,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
)

EdgeKey: TypeAlias = tuple[Role, Peer, Protocol, int]
"""What makes two observations one edge."""

SortKey: TypeAlias = tuple[str, ...]

EdgeOrder: TypeAlias = tuple[str, SortKey, str, int]
"""Sorts edges."""


def order_of(key: EdgeKey) -> EdgeOrder:
    """Sorts edges by role, peer, protocol and port."""
    role, peer, protocol, port = key
    return (role.value, peer_order(peer), protocol.value, port)


def peer_order(peer: Peer) -> SortKey:
    """Sorts peers by kind, then by what they are."""
    match peer:
        case WorkloadPeer(workload):
            return ("workload", *workload_order(workload))
        case ExternalPeer(address, bits):
            return ("external", address, str(bits))
        case NodePeer(address, node, own):
            return ("node", address, node, str(own))
        case ApiServerPeer(address):
            return ("apiserver", address)
        case UnresolvedPeer(address, reason):
            return ("unresolved", address, reason)
        case _:
            assert_never(peer)


def workload_order(workload: Workload) -> SortKey:
    """Sorts workloads by name; those of one name by their selector."""
    selector = ",".join(f"{key}={value}" for key, value in workload.selector)
    return (workload.namespace, workload.kind, workload.name, selector, str(workload.host_network))
