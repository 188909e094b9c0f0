"""One workload's window while it may still change."""

from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.records import (
    BatchSource,
    Counts,
    Edge,
    ExternalPeer,
    Millis,
    Peer,
    Role,
    Workload,
    WorkloadWindow,
)
from streams.windows.crowds import Crowds
from streams.windows.edge_sum import SERVER, EdgeSum
from streams.windows.interned import PEER_SHIFT, ROLE_MASK, Known, Peers, kind_named
from streams.windows.ledger import Boot
from streams.windows.order import workload_order
from streams.windows.outside import outside


class Applied(NamedTuple):
    """The batches of one boot that are in a window, as `WindowSource` has them."""

    sequence: int
    missing: int
    losses: Counts


class NodeEdges(NamedTuple):
    """Edges of a window at whose client's end the server saw a node's address.

    Attributes:
        explained: Client workloads on the node told of as many connections to the same port, and the server's ends saw
            as many fewer of these: they are the same connections, with the address translated.
        hidden: Nobody on the node told of them.
    """

    explained: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()


@dataclass(slots=True)
class OpenWindow:
    """Edges and sources.

    Attributes:
        workload: As at the newest sighting.
        start: Of event time.
        end: Exclusive.
        crowds: Edges with external addresses.
        revision: Of the last emission.
        final: It was or will be emitted as final.
        counted: Edges that its keeper counts for it.
        newest: The last sighting.
        edges: All other edges, by their number (`streams.windows.interned`).
        sources: What has been applied.
        told: What client workloads told, by node and kind, then by boot.
        nodes: Edges of clients that have a node's address, a subset of `edges`.
        joined: What the last emission said of these.
        left_out: Edges that an emission which it was restored from had no room for.
    """

    workload: Workload
    start: Millis
    end: Millis
    crowds: Crowds
    revision: int = 0
    final: bool = False
    counted: int = 0
    newest: Millis = 0
    edges: dict[int, EdgeSum] = field(default_factory=dict)
    sources: dict[Boot, Applied] = field(default_factory=dict)
    told: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    nodes: set[int] = field(default_factory=set)
    joined: NodeEdges = field(default_factory=NodeEdges)
    left_out: int = 0

    def __len__(self) -> int:
        """How many edges it holds."""
        return len(self.edges) + len(self.crowds)

    def accept(self, batch: BatchSource, missing: int) -> bool:
        """Whether a batch is new to this window; it then counts as applied."""
        boot = Boot(batch.node, batch.boot_id)
        known = self.sources.get(boot)
        if known is not None and batch.sequence <= known.sequence:
            return False
        self.sources[boot] = Applied(batch.sequence, missing, batch.losses)
        return True

    def edge(self, key: int, peer: Known, at: Millis) -> EdgeSum:
        """The sum of an edge whose peer is no external address, a new one if there is none; time is a sighting's."""
        total = self.edges.get(key)
        if total is None:
            total = self.edges[key] = EdgeSum(at, at)
            if peer.is_node and key & ROLE_MASK == SERVER:
                self.nodes.add(key)
        return total

    def tell(self, boot: Boot, kind: int, count: int) -> None:
        """A client workload on the node told of connections to this workload."""
        counts = self.told.setdefault((boot.node, kind), {})
        counts[boot.boot_id] = counts.get(boot.boot_id, 0) + count

    def describe(self, workload: Workload, at: Millis) -> None:
        """The workload as at a sighting; the newest stands."""
        if at > self.newest or (
            at == self.newest and workload != self.workload and workload_order(workload) > workload_order(self.workload)
        ):
            self.workload = workload
        self.newest = max(self.newest, at)


def restored(window: WorkloadWindow, peers: Peers, limit: int) -> OpenWindow:
    """The state that an emitted window stands for; `limit` as of `Crowds`."""
    made = OpenWindow(
        window.workload, window.start, window.end, Crowds(limit), window.revision, window.final,
        newest=window.described_at, left_out=window.left_out,
    )  # fmt: skip
    explained = [_restore(made, edge, peers) for edge in window.explained]
    others = {_restore(made, edge, peers): edge for edge in window.edges if not in_crowd(edge.peer)}
    hidden = frozenset(key for key, edge in others.items() if edge.hidden_client)
    made.joined = NodeEdges(frozenset(made.nodes.intersection(explained)), hidden)
    made.crowds.restore((edge for edge in window.edges if in_crowd(edge.peer)), window.crowds)
    for source in window.sources:
        boot = Boot(source.node, source.boot_id)
        made.sources[boot] = Applied(source.last_sequence, source.missing, source.losses)
        for one in source.told:
            made.tell(boot, kind_named(Role.SERVER, one.protocol, one.port), one.count)
    made.counted = len(made)
    return made


def in_crowd(peer: Peer) -> bool:
    """Whether the peer is an external address that may be joined with others."""
    return isinstance(peer, ExternalPeer) and not outside(peer.address).apart


def _restore(made: OpenWindow, edge: Edge, peers: Peers) -> int:
    number = peers.number(edge.peer)
    key = number << PEER_SHIFT | kind_named(edge.role, edge.protocol, edge.port)
    made.edges[key] = EdgeSum.of(edge)
    if peers[number].is_node and edge.role is Role.SERVER:
        made.nodes.add(key)
    return key
