"""Who a rule for an edge names."""

from typing import assert_never

from schemas.records import ApiServerPeer, ExternalPeer, NodePeer, Peer, UnresolvedPeer, Workload, WorkloadPeer
from synthesizer.addresses import host_network, parse_address
from synthesizer.inference.model import BlockPeer, PodsPeer, RulePeer


def target_of(subject: Workload, peer: Peer) -> RulePeer:
    """The peer as a rule names it; raises ValueError for an unresolved one, which no rule can name."""
    match peer:
        case WorkloadPeer(workload):
            return pods_of(subject, workload)
        case NodePeer(address=address) | ApiServerPeer(address) | ExternalPeer(address):
            return block_of(address)
        case UnresolvedPeer():
            raise ValueError("an unresolved peer has no rule")
        case _:
            assert_never(peer)


def pods_of(subject: Workload, peer: Workload) -> RulePeer:  # noqa: ARG001  the subject is what faulty versions mistake
    """The peer's pods: its namespace and its labels, in one item."""
    return PodsPeer(peer.namespace, peer.selector)


def block_of(address: str) -> RulePeer:
    """The address alone, /32 or /128."""
    return BlockPeer(str(host_network(parse_address(address))))
