"""What one end's observation says about another's, within a window: addresses that hide clients, Services of several.

A connection may be counted one window later at one end than at the other, so clients are looked for in the windows
around as well.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from schemas.records import NodePeer, ServiceRef
from streams.windows.edge_sum import CLIENT, SERVER, EdgeSum
from streams.windows.interned import KIND_MASK, PEER_SHIFT, ROLE_MASK, Peers
from streams.windows.open_window import NodeEdges, OpenWindow


def nodes_of(window: OpenWindow, around: Sequence[OpenWindow], peers: Peers) -> NodeEdges:
    """The window's edges with nodes; `around` holds the window itself and those before and after it."""
    seen = {key for key in window.nodes if window.edges[key].ends >> SERVER & 1}
    covered: dict[int, list[int]] = defaultdict(list)
    for key in seen:
        if _told(key, around, peers) >= _excess(window.edges[key]):
            covered[key & KIND_MASK].append(key)
    joined = {key for kind, keys in covered.items() if _unmatched(kind, keys, window, around, peers) for key in keys}
    by_node_itself = {key for key in seen if window.edges[key].ends >> CLIENT & 1}
    beside = {key for key in by_node_itself if not _excess(window.edges[key])}
    hidden = {key for key in seen - joined - beside if not _node(key, peers).own}
    return NodeEdges(frozenset(joined - by_node_itself), frozenset(hidden))


def _told(key: int, around: Iterable[OpenWindow], peers: Peers) -> int:
    """Connections that clients on the node told of; -1 if none did."""
    node = _node(key, peers)
    told = [window.told.get((node.node, key & KIND_MASK)) for window in around] if node.node else []
    return sum(sum(counts.values()) for counts in told if counts) if any(told) else -1


def _unmatched(kind: int, keys: Iterable[int], window: OpenWindow, around: Iterable[OpenWindow], peers: Peers) -> bool:
    """Whether the server's ends missed as many connections of client workloads as they saw under nodes' addresses."""
    excess = sum(_excess(window.edges[key]) for key in keys)
    missed: dict[int, int] = defaultdict(int)
    unseen = False
    for one in around:
        for key, total in one.edges.items():
            if key & KIND_MASK == kind and peers[key >> PEER_SHIFT].is_workload:
                missed[key] += total.counts[CLIENT] - total.counts[SERVER]
                unseen |= total.by_client_only
    found = sum(count for count in missed.values() if count > 0)
    return found >= excess and (found > 0 or unseen)


def _excess(total: EdgeSum) -> int:
    return max(0, total.counts[SERVER] - total.counts[CLIENT])


def _node(key: int, peers: Peers) -> NodePeer:
    peer = peers[key >> PEER_SHIFT].peer
    if not isinstance(peer, NodePeer):
        raise TypeError(f"{peer} is no node")
    return peer


def not_reached(window: OpenWindow) -> frozenset[int]:
    """Servers of a shared Service that only clients told of, while a server's end says that it was another of them."""
    unsure = {key for key, total in window.edges.items() if not total.sure and key & ROLE_MASK == CLIENT}
    if not unsure:
        return frozenset()
    decided: set[tuple[int, ServiceRef]] = set()
    for key, total in window.edges.items():
        if total.ends >> SERVER & 1 and key & ROLE_MASK == CLIENT:
            decided.update((key >> 2 & 3, service) for service in total.services)
    return frozenset(
        key
        for key in unsure
        if window.edges[key].services and all((key >> 2 & 3, one) in decided for one in window.edges[key].services)
    )
