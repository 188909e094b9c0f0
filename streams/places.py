"""Addresses that belong to no pod: nodes, the API server, the cluster's ranges, and everything outside."""

from dataclasses import dataclass
from typing import Final

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
from streams.addresses import Ranges, as_text, node_ends, packed
from streams.ends import NodeEnd, OtherEnd
from streams.leases import FOREVER, Leases
from streams.services import Services

_REMEMBERED: Final = 65_536


@dataclass(slots=True, eq=False)
class _Node:
    name: str
    addresses: frozenset[bytes]
    pod_cidrs: tuple[str, ...]
    start: Millis
    end: Millis


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

    def put_node(self, item: InventoryObject, body: NodeBody) -> bool:
        """Add or change a node; whether that is news. Raises ValueError for a bad address or range."""
        addresses = frozenset(map(packed, body.addresses)) | {end for cidr in body.pod_cidrs for end in node_ends(cidr)}
        node = _Node(item.name, addresses, body.pod_cidrs, item.created, item.deleted or FOREVER)
        earlier = self._nodes.get(item.key)
        if earlier is not None and _said(earlier) == _said(node):
            return False
        self._drop_node(item.key)
        self._nodes[item.key] = node
        for address in addresses:
            self.leases.put(address, node)
        for cidr in body.pod_cidrs:
            self._inside.add(cidr)
        self._ends.clear()
        return True

    def put_facts(self, key: str, body: ClusterFacts) -> bool:
        """Set the cluster's ranges; whether that is news. Raises ValueError for a bad one."""
        Ranges(body.pod_cidrs + body.service_cidrs)
        if self._facts.get(key) == body:
            return False
        self._drop_facts(key)
        self._facts[key] = body
        for cidr in body.pod_cidrs + body.service_cidrs:
            self._inside.add(cidr)
        return True

    def drop(self, key: str) -> None:
        """Forget a node or the facts."""
        self._drop_node(key)
        self._drop_facts(key)

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

    def _drop_node(self, key: str) -> None:
        node = self._nodes.pop(key, None)
        if node is None:
            return
        for address in node.addresses:
            self.leases.drop(address, node)
        for cidr in node.pod_cidrs:
            self._inside.remove(cidr)
        self._ends.clear()

    def _drop_facts(self, key: str) -> None:
        facts = self._facts.pop(key, ClusterFacts())
        for cidr in facts.pod_cidrs + facts.service_cidrs:
            self._inside.remove(cidr)
        self._ends.clear()


def _said(node: _Node) -> tuple[object, ...]:
    return (node.name, node.addresses, node.pod_cidrs, node.start, node.end)
