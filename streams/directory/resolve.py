"""Whose a connection is: the workloads at its two ends, or why there is none to tell. Pure, `resolve`.

It is made of `left_out`, `own_end`, `other_ends` and `told`. Each is given all that its answer may rest on and no more,
so that enrichment can ask once for many connections.

A connection is told to the workload of either end, so that a node without a collector still gets its pods' edges. If
a Service stands for several workloads, all of them are told.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from schemas.records import Millis, Peer, Protocol, ServiceRef, UnresolvedPeer, Workload
from streams.directory.directory import AFTER, Directory
from streams.directory.ends import End, NodeEnd, OtherEnd, PodEnd, Server, peer_of
from streams.directory.meshes import hides_port
from streams.objects.addresses import is_loopback

CLIENT: Final = 0
SERVER: Final = 1
OPPOSITE: Final = (SERVER, CLIENT, 2)


class Link(NamedTuple):
    """One workload's view of a connection.

    Attributes:
        workload: The subject.
        peer: The other end.
        service: The Service through which the server was reached, if any.
        role: What the subject did: 0 CLIENT, 1 SERVER, 2 UNKNOWN.
        port: The server's own port.
        shared: The Service stands for several workloads, and nobody knows yet which of them was reached.
        far: The node of the end that was not observed; empty if it is no pod or may run on several.
    """

    workload: Workload
    peer: Peer
    service: ServiceRef | None
    role: int
    port: int
    shared: bool = False
    far: str = ""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """The local end is not known."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Left out on purpose."""

    reason: str


Span: TypeAlias = tuple[Millis, Millis]
Outcome: TypeAlias = tuple[Link, ...] | Unresolved | Ignored


class Own(NamedTuple):
    """What of a connection decides who was at its own end, besides the time."""

    pod_uid: str
    address: bytes


class Asked(NamedTuple):
    """What of a connection decides who was at its other end, besides the time."""

    role: int
    protocol: Protocol
    address: bytes
    port: int


class Flow(NamedTuple):
    """What of a connection decides who was at its ends."""

    role: int
    protocol: Protocol
    local: bytes
    remote: bytes
    port: int
    pod_uid: str
    seen: Span


def resolve(flow: Flow, directory: Directory) -> Outcome:
    """The workloads at either end of a connection, or why there is none to tell."""
    ignored = left_out(flow.local, flow.remote)
    if ignored is not None:
        return ignored
    own = own_end(Own(flow.pod_uid, flow.local), flow.seen, directory)
    asked = Asked(flow.role, flow.protocol, flow.remote, flow.port)
    return told(flow.role, own, other_ends(asked, flow.seen, directory))


def left_out(local: bytes, remote: bytes) -> Ignored | None:
    """Why a connection between two addresses is none of anybody's, whoever held them."""
    if is_loopback(local) or is_loopback(remote):
        return Ignored("loopback")
    return Ignored("own_address") if local == remote else None


def own_end(own: Own, seen: Span, directory: Directory) -> End:
    """The pod that the collector names wins; a pod unknown to the inventory is never taken for anybody else."""
    if not own.pod_uid:
        return directory.end(own.address, *seen)
    pod = directory.pod(own.pod_uid)
    if pod is not None and not pod.peer.workload.host_network:
        return pod
    end = directory.end(own.address, *seen)
    if isinstance(end, NodeEnd) or _is_later(end):
        return end  # a host-network pod is its node: policies have no effect on it
    return OtherEnd(UnresolvedPeer("", "unknown_pod" if pod is None else "host_network"))


def other_ends(asked: Asked, seen: Span, directory: Directory) -> tuple[Server, ...]:
    """What stands at the other end; through a Service, all its workloads."""
    if asked.role == SERVER:
        return (Server(directory.end(asked.address, *seen), asked.port),)
    return directory.servers(asked.address, asked.protocol, asked.port, seen)


def told(role: int, own: End, others: tuple[Server, ...]) -> Outcome:
    """What is told to the workloads at either end; nothing of a connection whose own end is not known."""
    if isinstance(own, OtherEnd) and isinstance(own.peer, UnresolvedPeer):
        return Unresolved(own.peer.reason)
    if _same_pod(own, others[0]) and all(_same_pod(own, server) for server in others):
        return Ignored("own_address")
    if _captured(role, own, others[0]) and all(_captured(role, own, server) for server in others):
        return Ignored("mesh_redirect")
    if len(others) == 1:
        return links_of(role, own, others[0], shared=False) or Ignored("host")
    return tuple(link for server in others for link in links_of(role, own, server, shared=True)) or Ignored("host")


def is_plain(own: PodEnd, server: PodEnd) -> bool:
    """Whether `told` says of two pods just what `links_of` does, if the server is the only one and has no mesh."""
    return own.pod != server.pod and not own.mesh


def _is_later(end: End) -> bool:
    return isinstance(end, OtherEnd) and isinstance(end.peer, UnresolvedPeer) and end.peer.reason == AFTER


def _same_pod(own: End, server: Server) -> bool:
    """Also through a Service, if no other pod stands behind it."""
    return isinstance(server.end, PodEnd) and isinstance(own, PodEnd) and server.end.pod == own.pod


def _captured(role: int, own: End, server: Server) -> bool:
    """The port is a mesh proxy's; where the role is not known, either end may be the server."""
    is_server = role != CLIENT and isinstance(own, PodEnd) and own.mesh
    if is_server and hides_port(is_server, server.port, seen_by_client=False):
        return True
    if role == SERVER or not isinstance(server.end, PodEnd) or not server.end.mesh:
        return False
    return hides_port(server.end.mesh, server.port, seen_by_client=role == CLIENT)


def links_of(role: int, own: End, server: Server, *, shared: bool) -> tuple[Link, ...]:
    """A connection as the workloads at its ends see it, none for an end that is no pod."""
    other, port, service = server.end, server.port, server.service
    if not isinstance(other, PodEnd):
        if not isinstance(own, PodEnd):
            return ()
        return (Link(own.peer.workload, peer_of(other, own.node), service, role, port, shared),)
    theirs = Link(other.peer.workload, peer_of(own, other.node), service, OPPOSITE[role], port, shared, other.node)
    if not isinstance(own, PodEnd):
        return (theirs,)
    return (Link(own.peer.workload, other.peer, service, role, port, shared, other.node), theirs)
