"""What stands at one end of a connection: a pod, a node, or something that is neither."""

from dataclasses import dataclass
from typing import TypeAlias

from schemas.records import ApiServerPeer, ExternalPeer, NodePeer, Peer, ServiceRef, UnresolvedPeer, WorkloadPeer


@dataclass(frozen=True, slots=True)
class PodEnd:
    """A pod with an address of its own.

    Attributes:
        pod: Its identity.
        node: Where it runs.
        peer: Its workload, as the other end's peer.
    """

    pod: str
    node: str
    peer: WorkloadPeer


@dataclass(frozen=True, slots=True)
class NodeEnd:
    """A node: kubelet, host-network pods, masqueraded clients.

    Attributes:
        address: As text.
        node: Its name.
    """

    address: str
    node: str


@dataclass(frozen=True, slots=True)
class OtherEnd:
    """Neither pod nor node.

    Attributes:
        peer: The API server, an external address, or one that could not be resolved.
    """

    peer: ApiServerPeer | ExternalPeer | UnresolvedPeer


End: TypeAlias = PodEnd | NodeEnd | OtherEnd


@dataclass(frozen=True, slots=True)
class Server:
    """What a client reached.

    Attributes:
        end: The server, after Service translation.
        port: The server's own port.
        service: The Service in between, if any.
    """

    end: End
    port: int
    service: ServiceRef | None = None


def peer_of(end: End, subject_node: str) -> Peer:
    """The end as the peer of a subject that runs on the node (empty if unknown)."""
    if isinstance(end, NodeEnd):
        return NodePeer(end.address, end.node, bool(end.node) and end.node == subject_node)
    return end.peer
