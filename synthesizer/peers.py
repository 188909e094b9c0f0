"""Who a peer is, whatever may change about it: identity without labels, and one total order."""

from dataclasses import replace
from typing import assert_never

from schemas.records import (
    ApiServerPeer,
    Edge,
    EdgeEvidence,
    ExternalPeer,
    NodePeer,
    Peer,
    Role,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
)
from synthesizer.addresses import Network, parse_address, prefix_of


def identity(peer: Peer) -> Peer:
    """The peer without what may change: labels, host network, node name, reason."""
    match peer:
        case WorkloadPeer(workload):
            return WorkloadPeer(Workload(workload.namespace, workload.kind, workload.name))
        case NodePeer():
            return replace(peer, node="")
        case UnresolvedPeer():
            return replace(peer, reason="")
        case ExternalPeer(address, bits):
            return ExternalPeer(str(span_of(peer).network_address), bits) if bits else ExternalPeer(address)
        case ApiServerPeer():
            return peer
        case _:
            assert_never(peer)


def span_of(peer: ExternalPeer) -> Network:
    """All addresses that the peer stands for."""
    return prefix_of(parse_address(peer.address), peer.bits)


def order(peer: Peer) -> tuple[str, ...]:
    """A sort key: kind of peer, its identity, then what may change."""
    match peer:
        case WorkloadPeer(workload):
            labels = tuple(f"{key}={value}" for key, value in workload.selector)
            host = str(workload.host_network)
            return ("1", workload.namespace, workload.name, workload.kind, host, *labels)
        case NodePeer():
            return ("2", peer.address, str(peer.own), peer.node)
        case ApiServerPeer():
            return ("3", peer.address)
        case ExternalPeer():
            return ("4", peer.address, str(peer.bits))
        case UnresolvedPeer():
            return ("5", peer.address, peer.reason)
        case _:
            assert_never(peer)


def spoken(peer: Peer) -> str:
    """The peer as a sentence names it."""
    match peer:
        case WorkloadPeer(workload):
            return str(workload.ref)
        case NodePeer():
            return f"node {peer.node or peer.address}"
        case ApiServerPeer():
            return f"the API server at {peer.address}"
        case ExternalPeer():
            return f"external {span_of(peer) if peer.bits else peer.address}"
        case UnresolvedPeer():
            return f"unresolved {peer.address}"
        case _:
            assert_never(peer)


def way_of(edge: Edge | EdgeEvidence) -> str:
    """The edge's direction as a sentence names it."""
    match edge.role:
        case Role.CLIENT:
            return "egress"
        case Role.SERVER:
            return "ingress"
        case Role.UNKNOWN:
            return "of unknown direction"
        case _:
            assert_never(edge.role)


def spoken_edge(edge: Edge | EdgeEvidence) -> str:
    """The edge as a sentence names it, from the workload's end."""
    way = "from" if edge.role is Role.SERVER else "to"
    return f"{way_of(edge)} {way} {spoken(edge.peer)} on {edge.protocol.value} {edge.port}"
