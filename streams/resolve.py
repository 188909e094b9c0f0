"""Whose a connection is: the workloads at its two ends, or why there is none to tell. Pure, `resolve`.

A connection is told to the workload of either end, so that a node without a collector still gets its pods' edges. If
a Service stands for several workloads, all of them are told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from schemas.records import Millis, Peer, Protocol, ServiceRef, UnresolvedPeer, Workload
from streams.addresses import is_loopback
from streams.directory import Directory
from streams.ends import End, NodeEnd, OtherEnd, PodEnd, Server, peer_of

CLIENT: Final = 0
SERVER: Final = 1
_OPPOSITE: Final = (SERVER, CLIENT, 2)


@dataclass(frozen=True, slots=True)
class Link:
    """One workload's view of a connection.

    Attributes:
        workload: The subject.
        peer: The other end.
        service: The Service through which the server was reached, if any.
        role: What the subject did: 0 CLIENT, 1 SERVER, 2 UNKNOWN.
        port: The server's own port.
        shared: The Service stands for several workloads, and nobody knows yet which of them was reached.
    """

    workload: Workload
    peer: Peer
    service: ServiceRef | None
    role: int
    port: int
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Unresolved:
    """The local end is not known."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Left out on purpose."""

    reason: str


Outcome: TypeAlias = tuple[Link, ...] | Unresolved | Ignored


class Flow(NamedTuple):
    """What of a connection decides who was at its ends."""

    role: int
    protocol: Protocol
    local: bytes
    remote: bytes
    port: int
    pod_uid: str
    seen: tuple[Millis, Millis]


def resolve(flow: Flow, directory: Directory) -> Outcome:
    """The workloads at either end of a connection, or why there is none to tell."""
    if is_loopback(flow.local) or is_loopback(flow.remote):
        return Ignored("loopback")
    if flow.local == flow.remote:
        return Ignored("own_address")
    local = _local(flow, directory)
    if isinstance(local, OtherEnd) and isinstance(local.peer, UnresolvedPeer):
        return Unresolved(local.peer.reason)
    servers = _others(flow, directory)
    if isinstance(local, PodEnd) and any(_same_pod(local, server) for server in servers):
        return Ignored("own_address")
    links = tuple(link for server in servers for link in _links(flow.role, local, server))
    return links or Ignored("host")


def _local(flow: Flow, directory: Directory) -> End:
    """The pod that the collector names wins; a pod unknown to the inventory is never taken for another."""
    if flow.pod_uid:
        pod = directory.pod(flow.pod_uid)
        if pod is not None:
            return _placed(pod, flow, directory)
    end = directory.end(flow.local, *flow.seen)
    if flow.pod_uid and isinstance(end, PodEnd):
        return OtherEnd(UnresolvedPeer("", "unknown_pod"))
    return end


def _placed(pod: PodEnd, flow: Flow, directory: Directory) -> End:
    """A host-network pod is its node: policies have no effect on it."""
    if not pod.peer.workload.host_network:
        return pod
    end = directory.end(flow.local, *flow.seen)
    return end if isinstance(end, NodeEnd) else OtherEnd(UnresolvedPeer("", "host_network"))


def _others(flow: Flow, directory: Directory) -> tuple[Server, ...]:
    if flow.role == SERVER:
        return (Server(directory.end(flow.remote, *flow.seen), flow.port),)
    return directory.servers(flow.remote, flow.protocol, flow.port, flow.seen)


def _same_pod(local: PodEnd, server: Server) -> bool:
    return server.service is None and isinstance(server.end, PodEnd) and server.end.pod == local.pod


def _links(role: int, local: End, server: Server) -> Iterator[Link]:
    if isinstance(local, PodEnd):
        yield Link(local.peer.workload, peer_of(server.end, local.node), server.service, role, server.port)
    if isinstance(server.end, PodEnd):
        peer = peer_of(local, server.end.node)
        yield Link(server.end.peer.workload, peer, server.service, _OPPOSITE[role], server.port)
