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
from streams.addresses import as_text
from streams.backends import Backends
from streams.ends import End, NodeEnd, OtherEnd, PodEnd, Server
from streams.owners import Owners
from streams.places import Places
from streams.pods import Pods
from streams.services import Services

GRACE_MS: Final = 3_600_000
"""How long a pod is remembered after another took its name."""
_PRUNE_EVERY_MS: Final = 600_000


class Directory:
    """The inventory as questions about addresses need it."""

    def __init__(self, objects: Iterable[InventoryObject] = ()) -> None:
        self._owners = Owners()
        self._pods = Pods(self._owners)
        self._services = Services()
        self._places = Places(self._services)
        self._backends = Backends(self._pods, self._services, self._places)
        self.watermark: Millis = 0
        self._pruned: Millis = 0
        for item in objects:
            self.apply(item)

    def apply(self, item: InventoryObject) -> None:
        """Add or change one object; raises ValueError, changing nothing, if an address or a range in it is none."""
        body = item.body
        match body:
            case PodBody():
                self._backends.pod_changed(item.namespace, item.uid, self._pods.put(item, body))
            case ServiceBody():
                self._services.put(item, body)
                self._places.services_changed()
                self._backends.service_changed(item.namespace, item.name)
            case EndpointSliceBody():
                self._slices_changed(item.namespace, self._services.drop_slice(item.key))
                self._services.put_slice(item, body)
                self._slices_changed(item.namespace, body.service)
            case ControllerBody():
                self._owners.put(item, body)
                self._controllers_changed()
            case NodeBody():
                self._places.put_node(item, body)
                self._backends.all_changed()
            case ClusterFacts():
                self._places.put_facts(item.key, body)
                self._backends.all_changed()
            case NamespaceBody() | NetworkPolicyBody() | Heartbeat():
                pass  # none holds an address
            case _:
                assert_never(body)

    def remove(self, key: str) -> None:
        """A tombstone: forget the object of this key; an unknown key changes nothing."""
        _, kind, namespace, name = (*key.split("/", 3), "", "", "")[:4]
        if kind == "Pod":
            for identity, ips in self._pods.drop(key):
                self._backends.pod_changed(namespace, identity, ips)
        elif kind == "Service":
            self._services.drop(key)
            self._places.services_changed()
            self._backends.service_changed(namespace, name)
        elif kind == "EndpointSlice":
            self._slices_changed(namespace, self._services.drop_slice(key))
        elif kind in ("Node", "ClusterFacts"):
            self._places.drop(key)
            self._backends.all_changed()
        else:
            self._owners.drop(kind, namespace, name)
            self._controllers_changed()

    def advance(self, watermark: Millis) -> None:
        """Everything up to this moment has been applied; now and then, what is long gone is forgotten."""
        self.watermark = watermark
        if watermark - self._pruned > _PRUNE_EVERY_MS:
            self._pruned = watermark
            self._pods.prune(watermark - GRACE_MS)

    def steady(self, address: bytes, first: Millis, last: Millis) -> bool:
        """Whether `end` and `servers` say the same of the address for any two moments between these two."""
        return self._pods.steady(address, first, last) and self._services.steady(address, first, last)

    def pod(self, uid: str) -> PodEnd | None:
        """The pod of a UID, if it is known."""
        return self._pods.end(uid)

    def end(self, address: bytes, first: Millis, last: Millis) -> End:
        """Who held the address between the two moments, as far as it tells without a port."""
        holders = self._pods.holders(address, first, last)
        if holders:
            return self._one_of(address, holders)
        return self._places.end(address, held=address in self._pods)

    def servers(self, address: bytes, protocol: Protocol, port: int, seen: tuple[Millis, Millis]) -> tuple[Server, ...]:
        """What a client reached at an address and port between two moments: behind a Service, all its workloads."""
        holders = self._pods.holders(address, *seen)
        if holders:
            return (Server(self._one_of(address, holders), port),)
        return self._backends.servers(address, protocol, port, seen)

    def _one_of(self, address: bytes, holders: tuple[str, ...]) -> End:
        """Several holders of one workload are as good as one; otherwise nobody knows who it was."""
        ends = [end for end in map(self._pods.end, holders) if end is not None]
        if len({end.peer.workload.ref for end in ends}) == 1:
            return ends[-1]
        return OtherEnd(UnresolvedPeer(as_text(address), "ambiguous"))

    def _slices_changed(self, namespace: str, service: str) -> None:
        self._backends.service_changed(namespace, service)
        if (namespace, service) == ("default", "kubernetes"):
            self._places.slices_changed()
            self._backends.all_changed()

    def _controllers_changed(self) -> None:
        self._pods.forget_ends()
        self._backends.all_changed()


__all__ = ["Directory", "End", "NodeEnd", "OtherEnd", "PodEnd", "Server"]
