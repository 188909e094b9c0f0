"""Who stood behind an address at a time: `Directory`, made of inventory objects in any order."""

from collections.abc import Iterable
from typing import Final, assert_never

from schemas.records import (
    ClusterFacts,
    ControllerBody,
    EndpointSliceBody,
    Heartbeat,
    InventoryObject,
    Millis,
    NamespaceBody,
    NetworkPolicyBody,
    NodeBody,
    PodBody,
    Protocol,
    ServiceBody,
    UnresolvedPeer,
)
from streams.directory.backends import Backends
from streams.directory.ends import End, NodeEnd, OtherEnd, PodEnd, Server
from streams.directory.families import ControllerKey, Pod
from streams.directory.leases import FOREVER, NEVER, Period, period
from streams.directory.owners import Owners
from streams.directory.places import Moved, Places
from streams.directory.pods import Pods
from streams.directory.services import API_SERVER, Service, ServiceKey, Services
from streams.objects.addresses import as_text
from streams.objects.slim_meshes import AMBIENT, DATAPLANE_MODE

GRACE_MS: Final = 3_600_000
"""How long a pod is remembered after another took its name."""
AFTER: Final = "after_inventory"
"""Reason of what was seen later than the inventory is complete."""
_PRUNE_EVERY_MS: Final = 600_000


class Directory:
    """The inventory as questions about addresses need it.

    Args:
        objects: What is known at first.
        watermark: Up to when that is complete; by default for good, as it is for recorded objects.
    """

    def __init__(self, objects: Iterable[InventoryObject] = (), watermark: Millis = FOREVER) -> None:
        self._owners = Owners()
        self._pods = Pods(self._owners)
        self._services = Services()
        self._places = Places(self._services)
        self._backends = Backends(self._pods, self._services, self._places)
        self._reached = self._backends.reached
        self.watermark: Millis = watermark
        self._pruned: Millis = 0
        for item in objects:
            self.apply(item)

    def apply(self, item: InventoryObject) -> None:
        """Add or change one object; raises ValueError, changing nothing, if an address or a range in it is none."""
        body = item.body
        match body:
            case PodBody():
                self._backends.pods_changed(self._pods.put(item, body))
            case ServiceBody():
                self._services_changed(self._services.put(item, body))
            case EndpointSliceBody():
                self._endpoints_changed(self._services.put_slice(item, body))
            case ControllerBody():
                self._owner_changed((item.kind, item.namespace, item.name), asked=self._owners.put(item, body))
            case NodeBody():
                self._moved(self._places.put_node(item, body))
            case ClusterFacts():
                self._moved(self._places.put_facts(item.key, body))
            case NamespaceBody():
                self._namespace(item.name, ambient=(DATAPLANE_MODE, AMBIENT) in item.labels and not item.deleted)
            case NetworkPolicyBody() | Heartbeat():
                pass  # none holds an address
            case _:
                assert_never(body)

    def counts(self) -> dict[str, int]:
        """How many objects are remembered, by what they are."""
        return {
            "pod": self._pods.count,
            "controller": self._owners.count,
            "service": self._services.count,
            "node": self._places.count,
        }

    def remove(self, key: str) -> None:
        """A tombstone: forget the object of this key; an unknown key changes nothing."""
        _, kind, namespace, name = (*key.split("/", 3), "", "", "")[:4]
        match kind:
            case "Pod":
                self._backends.pods_changed(self._pods.drop(namespace, name))
            case "Service":
                self._services_changed(self._services.drop((namespace, name)))
            case "EndpointSlice":
                self._endpoints_changed(self._services.drop_slice(key))
            case "Node" | "ClusterFacts":
                self._moved(self._places.drop(key))
            case "Namespace":
                self._namespace(name, ambient=False)
            case _:
                self._owner_changed((kind, namespace, name), asked=self._owners.drop((kind, namespace, name)))

    def advance(self, watermark: Millis, since: Millis = 0) -> None:
        """Everything up to this moment has been applied; now and then, what is long gone is forgotten.

        Args:
            watermark: The inventory is complete up to it.
            since: From when on it is complete; 0 if that is not known.
        """
        self.watermark = watermark
        if since != self._places.since:
            self._places.since = since
            self._reached.clear()
        if watermark - self._pruned > _PRUNE_EVERY_MS:
            self._pruned = watermark
            self._backends.pods_changed(self._pods.prune(watermark - GRACE_MS))

    def pod(self, uid: str) -> PodEnd | None:
        """The pod of a UID, if it is known; a static pod also by the hash that its control group is named after."""
        pod = self._pods.by_uid(uid)
        return None if pod is None else self._pods.end(pod)

    def end(self, address: bytes, first: Millis, last: Millis) -> End:
        """Who held the address between the two moments, as far as it tells without a port."""
        if last > self.watermark:
            return _later(address)
        held = self._pods.leases.holders(address, first, last)
        if held:
            return self._pods.together(address, held)
        return self._places.end(address, first, last, held=address in self._pods.leases)

    def steady(self, address: bytes, first: Millis, last: Millis) -> bool:
        """Whether `end` says the same of the address for any two moments between these two."""
        leases = self._pods.leases.all(address) + self._places.leases.all(address)
        known = Period(self._places.since, self.watermark + 1)
        return known.same(first, last) and period(leases, first, last) is not NEVER

    def only_pods(self, addresses: Iterable[bytes], first: Millis, last: Millis) -> list[PodEnd | None]:
        """What `steady_end` says of each address, if one pod held it all the time and nobody else ever did; else None.

        For very many addresses at once.
        """
        found: list[PodEnd | None] = []
        known = self._places.since <= first and last <= self.watermark
        for held in map(self._pods.leases.by_address.get, addresses):
            end = None
            if known and isinstance(held, Pod) and held.start <= first and last < held.end:
                end = held.known or self._pods.end(held)
            found.append(end)
        return found

    def steady_end(self, address: bytes, first: Millis, last: Millis) -> End | None:
        """What `end` says of the address for any two moments between these two; None if that is not the same."""
        (pod,) = self.only_pods([address], first, last)
        if pod is not None:
            return pod
        return self.end(address, first, last) if self.steady(address, first, last) else None

    def servers(self, address: bytes, protocol: Protocol, port: int, seen: tuple[Millis, Millis]) -> tuple[Server, ...]:
        """What a client reached at an address and port between two moments: behind a Service, all its workloads."""
        if seen[1] > self.watermark:
            return (Server(_later(address), port),)
        return self._backends.answer(address, protocol, port, seen).servers

    def steady_servers(
        self, address: bytes, protocol: Protocol, port: int, seen: tuple[Millis, Millis]
    ) -> tuple[Server, ...] | None:
        """What `servers` says for any two moments between these two; None if that is not the same."""
        first, last = seen
        if last > self.watermark:
            return self.servers(address, protocol, port, seen) if first > self.watermark else None
        answer = self._backends.answer(address, protocol, port, seen)
        return answer.servers if answer.period is not NEVER else None

    def _services_changed(self, services: tuple[Service, ...]) -> None:
        for service in services:
            self._places.services_changed(service.addresses)
        self._backends.services_changed(services)

    def _endpoints_changed(self, services: Iterable[ServiceKey]) -> None:
        for key in services:
            self._backends.endpoints_changed(key)
            if key == API_SERVER:
                self._reached.forget(*self._places.api_server_changed())

    def _owner_changed(self, key: ControllerKey, *, asked: bool) -> None:
        if asked:
            self._reached.forget(key)

    def _moved(self, moved: Moved) -> None:
        if moved.everything:
            self._reached.clear()
            return
        self._reached.forget(*moved.addresses)
        if moved.ranges:
            self._reached.forget_within(moved.ranges)

    def _namespace(self, name: str, *, ambient: bool) -> None:
        self._backends.pods_changed(self._pods.set_ambient(name, ambient=ambient))


def _later(address: bytes) -> OtherEnd:
    return OtherEnd(UnresolvedPeer(as_text(address), AFTER))


__all__ = ["Directory", "End", "NodeEnd", "OtherEnd", "PodEnd", "Server"]
