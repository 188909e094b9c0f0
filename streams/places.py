"""Addresses that belong to no pod: nodes, the API server, the cluster's ranges, and everything outside."""

from schemas.records import (
    ApiServerPeer,
    ClusterFacts,
    ExternalPeer,
    InventoryObject,
    NodeBody,
    Protocol,
    UnresolvedPeer,
)
from streams.addresses import Ranges, as_text, gateway, packed
from streams.ends import NodeEnd, OtherEnd
from streams.services import Services


class Places:
    """Nodes, ranges and API server endpoints; answers are remembered until one of them changes."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._nodes: dict[str, tuple[str, NodeBody]] = {}
        self._facts: dict[str, ClusterFacts] = {}
        self._stale = True
        self._node_of: dict[bytes, str] = {}
        self._api_server: set[tuple[bytes, Protocol, int]] = set()
        self._api_addresses: set[bytes] = set()
        self._inside = Ranges(())
        self._ends: dict[bytes, NodeEnd | OtherEnd] = {}

    def put_node(self, item: InventoryObject, body: NodeBody) -> None:
        """Add or change a node; raises ValueError for a bad address or range."""
        _node_addresses(body)
        if item.deleted:
            self._nodes.pop(item.key, None)
        else:
            self._nodes[item.key] = (item.name, body)
        self._stale = True

    def put_facts(self, key: str, body: ClusterFacts) -> None:
        """Set the cluster's ranges; raises ValueError for a bad one."""
        Ranges(body.pod_cidrs + body.service_cidrs)
        self._facts[key] = body
        self._stale = True

    def drop(self, key: str) -> None:
        """Forget a node or the facts."""
        self._stale |= self._nodes.pop(key, None) is not None or self._facts.pop(key, None) is not None

    def services_changed(self) -> None:
        """Addresses may have become Services', or ceased to be."""
        self._ends.clear()

    def slices_changed(self) -> None:
        """The API server's endpoints may have changed."""
        self._stale = True

    def end(self, address: bytes, *, held: bool) -> NodeEnd | OtherEnd:
        """What an address is that no pod held at the time; `held` says that one did at another time."""
        self._refresh()
        if held and address not in self._node_of:
            return OtherEnd(UnresolvedPeer(as_text(address), "no_lease"))
        end = self._ends.get(address)
        if end is None:
            end = self._ends.setdefault(address, self._classify(address))
        return end

    def api_server(self, address: bytes, protocol: Protocol, port: int) -> OtherEnd | None:
        """The API server, if it listens there."""
        self._refresh()
        return OtherEnd(ApiServerPeer(as_text(address))) if (address, protocol, port) in self._api_server else None

    def _classify(self, address: bytes) -> NodeEnd | OtherEnd:
        if address in self._node_of:
            return NodeEnd(as_text(address), self._node_of[address])
        if address in self._api_addresses:
            return OtherEnd(ApiServerPeer(as_text(address)))
        if address in self._services:
            return OtherEnd(UnresolvedPeer(as_text(address), "service_address"))
        if address in self._inside:
            return OtherEnd(UnresolvedPeer(as_text(address), "no_lease"))
        return OtherEnd(ExternalPeer(as_text(address)))

    def _refresh(self) -> None:
        if not self._stale:
            return
        self._stale = False
        self._ends.clear()
        ordered = sorted(self._nodes.values(), key=lambda node: node[0], reverse=True)
        self._node_of = {address: name for name, body in ordered for address in _node_addresses(body)}
        self._api_server = set(self._services.api_server())
        self._api_addresses = {address for address, _, _ in self._api_server}
        facts = [*self._facts.values()]
        self._inside = Ranges(
            [cidr for fact in facts for cidr in fact.pod_cidrs + fact.service_cidrs]
            + [cidr for _, body in ordered for cidr in body.pod_cidrs]
        )


def _node_addresses(body: NodeBody) -> list[bytes]:
    return [packed(address) for address in body.addresses] + [gateway(cidr) for cidr in body.pod_cidrs]
