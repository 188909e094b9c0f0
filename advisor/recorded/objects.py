"""Who is meant by an imported event, answered from Kubernetes objects."""

from collections.abc import Iterable

from advisor.recorded.model import ImportedEvent, SeenAddress, SeenPod, SeenService
from advisor.recorded.whose import Reached, Whose
from schemas.records import InventoryObject, Millis, PodBody, Role, ServiceBody, Workload
from streams.directory.directory import Directory
from streams.directory.ends import PodEnd, Server, peer_of
from streams.directory.leases import FOREVER
from streams.objects.addresses import packed


class ObjectsFirst:
    """Answers from the objects; what they do not hold, from the names.

    Args:
        objects: Kubernetes objects.
        directory: The same objects, as questions about addresses need them.
        names: Answers for pods and Services that are not among them.
    """

    def __init__(self, objects: Iterable[InventoryObject], directory: Directory, names: Whose) -> None:
        known = tuple(objects)
        self._names = names
        self._directory = directory
        self._pods = {(item.namespace, item.name): item for item in known if isinstance(item.body, PodBody)}
        self._services = {
            (item.namespace, item.name): item.body for item in known if isinstance(item.body, ServiceBody)
        }

    def pod(self, pod: SeenPod) -> Workload:
        """The workload of the pod of this name."""
        end = self._end(pod)
        return self._names.pod(pod) if end is None else end.peer.workload

    def service(self, service: SeenService, event: ImportedEvent) -> tuple[Reached, ...]:
        """All workloads behind the Service's port, on the ports on which they listen."""
        body = self._services.get((service.namespace, service.name))
        addresses = [service.address] if service.address else list(body.cluster_ips if body else ())
        if body is None or not addresses:
            return self._names.service(service, event)
        return self._reached(addresses[0], event)

    def address(self, seen: SeenAddress, event: ImportedEvent) -> tuple[Reached, ...]:
        """Whoever held the address; a client may have reached it through a Service."""
        if event.role is Role.CLIENT:
            return self._reached(seen.address, event)
        end = self._directory.end(packed(seen.address), *_moments(event))
        return (Reached(peer_of(end, self._node(event.local)), event.port),)

    def _reached(self, address: str, event: ImportedEvent) -> tuple[Reached, ...]:
        node = self._node(event.local)
        servers = self._directory.servers(packed(address), event.protocol, event.port, _moments(event))
        return tuple(_at(server, node) for server in servers)

    def _end(self, pod: SeenPod) -> PodEnd | None:
        item = self._pods.get((pod.namespace, pod.name))
        return None if item is None else self._directory.pod(item.uid or item.key)

    def _node(self, pod: SeenPod) -> str:
        end = self._end(pod)
        return "" if end is None else end.node


def _at(server: Server, node: str) -> Reached:
    return Reached(peer_of(server.end, node), server.port, server.service)


def _moments(event: ImportedEvent) -> tuple[Millis, Millis]:
    """An event without a time may have been at any."""
    return (event.time, event.time) if event.time else (0, FOREVER)
