"""From a Service's address and port to what stands behind it."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.records import (
    EndpointSliceBody,
    InventoryObject,
    Millis,
    Protocol,
    ServiceBody,
    ServicePort,
    ServiceRef,
)
from streams.addresses import packed
from streams.leases import FOREVER, Lease, Leases

Service = tuple[InventoryObject, ServiceBody]


@dataclass(frozen=True, slots=True)
class Backend:
    """One endpoint of a Service's port.

    Attributes:
        address: Packed.
        pod: The pod's UID, empty if the endpoint is none.
        port: The endpoint's port; 0 if the slice leaves it open.
    """

    address: bytes
    pod: str
    port: int


class Services:
    """Services by address and by node port, and their endpoint slices."""

    def __init__(self) -> None:
        self._services: dict[str, Service] = {}
        self._slices: dict[tuple[str, str], dict[str, EndpointSliceBody]] = {}
        self._service_of_slice: dict[str, tuple[str, str]] = {}
        self._leases = Leases()
        self._node_ports: dict[tuple[Protocol, int], set[str]] = {}

    def put(self, item: InventoryObject, body: ServiceBody) -> None:
        """Add or change a Service; raises ValueError for a bad address."""
        addresses = [packed(ip) for ip in _addresses(body)]
        self.drop(item.key)
        self._services[item.key] = (item, body)
        for address in addresses:
            self._leases.put(address, Lease(item.created, item.deleted or FOREVER, item.key))
        for port in body.ports:
            if port.node_port:
                self._node_ports.setdefault((port.protocol, port.node_port), set()).add(item.key)

    def drop(self, key: str) -> None:
        """Forget a Service."""
        if key not in self._services:
            return
        _, body = self._services.pop(key)
        for ip in _addresses(body):
            self._leases.drop(packed(ip), key)
        for port in body.ports:
            self._node_ports.get((port.protocol, port.node_port), set()).discard(key)

    def put_slice(self, item: InventoryObject, body: EndpointSliceBody) -> None:
        """Add or change an endpoint slice; one that is deleted is forgotten. Raises ValueError for a bad address."""
        for endpoint in body.endpoints:
            for ip in endpoint.addresses:
                packed(ip)
        self.drop_slice(item.key)
        if not item.deleted:
            service = (item.namespace, body.service)
            self._service_of_slice[item.key] = service
            self._slices.setdefault(service, {})[item.key] = body

    def drop_slice(self, key: str) -> str:
        """Forget an endpoint slice; the name of the Service it belonged to, empty if it was not known."""
        service = self._service_of_slice.pop(key, None)
        if service is None:
            return ""
        self._slices[service].pop(key, None)
        if not self._slices[service]:
            del self._slices[service]
        return service[1]

    def __contains__(self, address: bytes) -> bool:
        """Whether the address belongs to a Service."""
        return address in self._leases

    def steady(self, address: bytes, first: Millis, last: Millis) -> bool:
        """Whether the same Services had the address at any moment between the two."""
        return self._leases.steady(address, first, last)

    def at(self, address: bytes, first: Millis, last: Millis) -> tuple[Service, ...]:
        """The Services that may have had the address between the two moments."""
        return tuple(self._services[key] for key in self._leases.holders(address, first, last))

    def at_node_port(self, protocol: Protocol, port: int) -> tuple[Service, ...]:
        """The Services that every node offers at this port."""
        return tuple(self._services[key] for key in sorted(self._node_ports.get((protocol, port), ())))

    def backends(self, service: InventoryObject, port: ServicePort) -> tuple[Backend, ...]:
        """The endpoints that slices name for a Service's port, in one fixed order."""
        slices = self._slices.get((service.namespace, service.name), {})
        return tuple(
            sorted(
                {backend for body in slices.values() for backend in _slice_backends(body, port)},
                key=lambda backend: (backend.address, backend.port, backend.pod),
            )
        )

    def api_server(self) -> Iterator[tuple[bytes, Protocol, int]]:
        """The API server's addresses and ports: the endpoints of default/kubernetes."""
        for body in self._slices.get(("default", "kubernetes"), {}).values():
            for endpoint in body.endpoints:
                for ip in endpoint.addresses:
                    yield from ((packed(ip), port.protocol, port.port) for port in body.ports)


def reference(service: InventoryObject, port: ServicePort) -> ServiceRef:
    """The Service's port as an edge names it."""
    return ServiceRef(service.namespace, service.name, port.port)


def _addresses(body: ServiceBody) -> tuple[str, ...]:
    return body.cluster_ips + body.external_ips + body.load_balancer_ips


def _slice_backends(body: EndpointSliceBody, port: ServicePort) -> Iterator[Backend]:
    numbers = [one.port for one in body.ports if one.name == port.name and one.protocol == port.protocol]
    for endpoint in body.endpoints:
        for ip in endpoint.addresses:
            for number in numbers if body.ports else [0]:
                yield Backend(packed(ip), endpoint.pod_uid, number)
