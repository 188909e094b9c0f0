"""Addresses that belong to no pod: nodes, the API server, the cluster's ranges, and everything outside."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas.records import (
    ApiServerPeer,
    ClusterFacts,
    ExternalPeer,
    InventoryObject,
    Millis,
    NodeBody,
    Protocol,
    UnresolvedPeer,
)
from streams.directory.ends import NodeEnd, OtherEnd
from streams.directory.leases import FOREVER, Leases
from streams.directory.services import Services
from streams.objects.addresses import Ranges, as_text, node_ends, packed

_REMEMBERED: Final = 65_536


@dataclass(slots=True, eq=False)
class _Node:
    name: str
    addresses: frozenset[bytes]
    pod_cidrs: tuple[str, ...]
    start: Millis
    end: Millis


class Moved(NamedTuple):
    """What may be somewhere else now.

    Attributes:
        addresses: Of nodes.
        ranges: Inside of the cluster now and outside before, or the other way.
        everything: Nothing can be said of any address.
    """

    addresses: frozenset[bytes] = frozenset()
    ranges: tuple[str, ...] = ()
    everything: bool = False

    def joined(self, other: "Moved") -> "Moved":
        """Both of them."""
        return Moved(self.addresses | other.addresses, self.ranges + other.ranges)


class Places:
    """Nodes, ranges and API server endpoints; what an address is without a time is remembered."""

    def __init__(self, services: Services) -> None:
        self.since: Millis = 0
        self._services = services
        self._nodes: dict[str, _Node] = {}
        self.leases: Leases[_Node] = Leases()
        self._facts: dict[str, ClusterFacts] = {}
        self._inside = Ranges()
        self._api_server: set[tuple[bytes, Protocol, int]] = set()
        self._api_addresses: frozenset[bytes] = frozenset()
        self._ends: dict[bytes | tuple[bytes, str], NodeEnd | OtherEnd] = {}

    @property
    def count(self) -> int:
        """How many nodes are known."""
        return len(self._nodes)

    def put_node(self, item: InventoryObject, body: NodeBody) -> Moved:
        """Add or change a node. Raises ValueError for a bad address or range; nothing has changed then."""
        addresses = frozenset(map(packed, body.addresses)) | {end for cidr in body.pod_cidrs for end in node_ends(cidr)}
        node = _Node(item.name, addresses, body.pod_cidrs, item.created, item.deleted or FOREVER)
        earlier = self._nodes.get(item.key)
        if earlier is not None and _said(earlier) == _said(node):
            return Moved()
        self._nodes[item.key] = node
        for address in addresses:
            self.leases.put(address, node)
        return self._moved(addresses, body.pod_cidrs).joined(self._drop_node(earlier))

    def put_facts(self, key: str, body: ClusterFacts) -> Moved:
        """Set the cluster's ranges. Raises ValueError for a bad one; nothing has changed then."""
        Ranges(body.pod_cidrs + body.service_cidrs)
        earlier = self._facts.get(key)
        self._facts[key] = body
        if earlier is not None and _ranges(earlier) == _ranges(body):
            return Moved()
        moved = self._moved(frozenset(), _ranges(body)).joined(self._drop_ranges(earlier))
        return Moved(moved.addresses, moved.ranges, everything=earlier is None)

    def drop(self, key: str) -> Moved:
        """Forget a node or the facts."""
        node, facts = self._nodes.pop(key, None), self._facts.pop(key, None)
        moved = self._drop_node(node).joined(self._drop_ranges(facts))
        return Moved(moved.addresses, moved.ranges, everything=facts is not None)

    def services_changed(self, addresses: tuple[bytes, ...]) -> None:
        """The addresses may have become Services', or ceased to be."""
        for address in addresses:
            self._ends.pop(address, None)

    def api_server_changed(self) -> frozenset[bytes]:
        """The API server's endpoints may have changed; the addresses they had and have."""
        had = self._api_addresses
        self._api_server = set(self._services.api_server())
        self._api_addresses = frozenset(address for address, _, _ in self._api_server)
        self._ends.clear()
        return had | self._api_addresses

    def end(self, address: bytes, first: Millis, last: Millis, *, held: bool) -> NodeEnd | OtherEnd:
        """What an address is that no pod held at the time; `held` says that one did at another time."""
        nodes = {node.name for node in self.leases.holders(address, first, last)}
        if nodes:
            return self._node(address, nodes.pop() if len(nodes) == 1 else "")
        if held or address in self.leases:
            return self.nobody(address, first)
        end = self._ends.get(address)
        if end is None:
            end = self._classify(address)
        if isinstance(end, OtherEnd) and isinstance(end.peer, UnresolvedPeer) and first < self.since:
            return self.nobody(address, first)
        return self._remember(address, end)

    def nobody(self, address: bytes, first: Millis) -> OtherEnd:
        """The address lies within the cluster, and nobody is known to have held it then."""
        return OtherEnd(UnresolvedPeer(as_text(address), "before_inventory" if first < self.since else "no_lease"))

    def api_server(self, address: bytes, protocol: Protocol, port: int) -> OtherEnd | None:
        """The API server, if it listens there."""
        return OtherEnd(ApiServerPeer(as_text(address))) if (address, protocol, port) in self._api_server else None

    def _classify(self, address: bytes) -> OtherEnd:
        if address in self._api_addresses:
            return OtherEnd(ApiServerPeer(as_text(address)))
        if self._services.is_cluster_ip(address):
            return OtherEnd(UnresolvedPeer(as_text(address), "service_address"))
        if address in self._inside:
            return OtherEnd(UnresolvedPeer(as_text(address), "no_lease"))
        if not self._facts:
            return OtherEnd(UnresolvedPeer(as_text(address), "no_inventory"))
        return OtherEnd(ExternalPeer(as_text(address)))

    def _node(self, address: bytes, name: str) -> NodeEnd | OtherEnd:
        known = self._ends.get((address, name))
        return self._remember((address, name), NodeEnd(as_text(address), name)) if known is None else known

    def _remember(self, key: bytes | tuple[bytes, str], end: NodeEnd | OtherEnd) -> NodeEnd | OtherEnd:
        if len(self._ends) >= _REMEMBERED:
            self._ends.clear()
        self._ends[key] = end
        return end

    def _moved(self, addresses: frozenset[bytes], cidrs: tuple[str, ...]) -> Moved:
        """These addresses and ranges have come."""
        new = tuple(cidr for cidr in cidrs if not self._inside.covers(cidr))
        for cidr in cidrs:
            self._inside.add(cidr)
        self._ends.clear()
        return Moved(addresses, new)

    def _drop_node(self, node: _Node | None) -> Moved:
        if node is None:
            return Moved()
        for address in node.addresses:
            self.leases.drop(address, node)
        return Moved(node.addresses, self._gone(node.pod_cidrs))

    def _drop_ranges(self, facts: ClusterFacts | None) -> Moved:
        return Moved() if facts is None else Moved(ranges=self._gone(_ranges(facts)))

    def _gone(self, cidrs: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the ranges that nothing else covers."""
        for cidr in cidrs:
            self._inside.remove(cidr)
        self._ends.clear()
        return tuple(cidr for cidr in cidrs if not self._inside.covers(cidr))


def _ranges(facts: ClusterFacts) -> tuple[str, ...]:
    return facts.pod_cidrs + facts.service_cidrs


def _said(node: _Node) -> tuple[object, ...]:
    return (node.name, node.addresses, node.pod_cidrs, node.start, node.end)
