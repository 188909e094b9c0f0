"""What stands at one end of a connection: a pod, a node, or something that is neither."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from schemas.records import ApiServerPeer, ExternalPeer, NodePeer, Peer, ServiceRef, UnresolvedPeer, WorkloadPeer


@dataclass(frozen=True, slots=True)
class PodEnd:
    """A pod with an address of its own, or several of one workload.

    Attributes:
        pod: Its identity; empty if they are several.
        node: Where it runs; empty if they run on several.
        peer: Its workload, as the other end's peer.
        mesh: As in PodBody, or ambient because its namespace is.
    """

    pod: str
    node: str
    peer: WorkloadPeer
    mesh: str = ""

    def __hash__(self) -> int:
        """Cheap: ends are keys for every connection."""
        return hash((self.pod, self.peer.workload.name))


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


class Server(NamedTuple):
    """What a client reached.

    Attributes:
        end: The server, after Service translation.
        port: The server's own port.
        service: The Service in between, if any.
    """

    end: End
    port: int
    service: ServiceRef | None = None


def merged(ends: Sequence[PodEnd]) -> PodEnd:
    """Several pods of one workload as one end; at least one."""
    first, *others = ends
    if not others:
        return first
    pods, nodes, meshes = zip(*((end.pod, end.node, end.mesh) for end in ends), strict=True)
    return PodEnd(_common(pods), _common(nodes), first.peer, _common(meshes))


def _common(texts: Sequence[str]) -> str:
    first, *others = set(texts)
    return "" if others else first


def peer_of(end: End, subject_node: str) -> Peer:
    """The end as the peer of a subject that runs on the node (empty if unknown)."""
    if isinstance(end, NodeEnd):
        return NodePeer(end.address, end.node, bool(end.node) and end.node == subject_node)
    return end.peer
