"""Which observed edges a NetworkPolicy can speak of, and why it cannot of the others.

Sources: the NetworkPolicy page of Kubernetes ("traffic to and from the node where a Pod is running is always allowed";
hostNetwork pods are undefined).
"""

from enum import Enum
from typing import assert_never

from schemas.records import (
    ApiServerPeer,
    EdgeEvidence,
    ExternalPeer,
    NodePeer,
    Role,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
)
from synthesizer.addresses import METADATA, parse_address, parse_networks, within
from synthesizer.options import Options


class Scope(Enum):
    """What a policy can do about an edge."""

    RULE = "a rule admits it"
    OWN_NODE = "Kubernetes always admits the pod's own node"
    NO_LABELS = "the peer has no labels that a rule could name"
    HOST_NETWORK = "the peer uses its node's network, where no selector reaches it"
    UNRESOLVED = "nobody was known to hold the peer's address"
    ROLE_UNKNOWN = "it is not known which end was the client"
    METADATA = "the metadata address hands out credentials"
    CLUSTER_RANGE = "the address lies in the cluster's ranges, where an ipBlock has no defined effect"


def scope_of(edge: EdgeEvidence, options: Options) -> Scope:
    """What a policy can do about the edge."""
    if edge.role is Role.UNKNOWN:
        return Scope.ROLE_UNKNOWN
    match edge.peer:
        case WorkloadPeer(workload):
            return _workload(workload)
        case NodePeer(own=own):
            return Scope.OWN_NODE if own and edge.role is Role.SERVER else Scope.RULE
        case ApiServerPeer():
            return Scope.RULE
        case UnresolvedPeer():
            return Scope.UNRESOLVED
        case ExternalPeer(address):
            return _external(address, options)
        case _:
            assert_never(edge.peer)


def _workload(workload: Workload) -> Scope:
    if workload.host_network:
        return Scope.HOST_NETWORK
    return Scope.RULE if workload.selector else Scope.NO_LABELS


def _external(text: str, options: Options) -> Scope:
    address = parse_address(text)
    if address in METADATA and not options.allow_metadata:
        return Scope.METADATA
    return Scope.CLUSTER_RANGE if within(address, parse_networks(options.cluster_cidrs)) else Scope.RULE
