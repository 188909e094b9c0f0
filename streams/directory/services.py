"""Services by address and by node port, and the endpoints that slices name for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from sys import intern
from typing import Final, NamedTuple, TypeAlias

from schemas.records import (
    EndpointPort,
    EndpointSliceBody,
    InventoryObject,
    Millis,
    Protocol,
    ServiceBody,
    ServicePort,
    ServiceRef,
)
from streams.directory.leases import FOREVER, Leases
from streams.objects.addresses import packed

ServiceKey: TypeAlias = tuple[str, str]
"""Namespace, name."""
API_SERVER: Final = ("default", "kubernetes")


@dataclass(slots=True, eq=False)
class Service:
    """A Service with its lease.

    Attributes:
        key: Which.
        body: As in the inventory.
        cluster_ips: Packed; nothing but the Service is there.
        other_ips: External and load balancer addresses, packed: on other ports they are somebody else's.
        start: When it was created; 0 if unknown.
        end: When it was deleted; FOREVER while it is there.
    """

    key: ServiceKey
    body: ServiceBody
    cluster_ips: tuple[bytes, ...]
    other_ips: tuple[bytes, ...]
    start: Millis
    end: Millis

    @property
    def addresses(self) -> tuple[bytes, ...]:
        """All of its addresses."""
        return self.cluster_ips + self.other_ips

    def reference(self, port: ServicePort) -> ServiceRef:
        """One of its ports as an edge names it."""
        return ServiceRef(*self.key, port.port)


class Endpoint(NamedTuple):
    """One endpoint of a Service's port.

    Attributes:
        address: Packed.
        pod: The pod's UID, empty if the endpoint is none.
        port: The endpoint's port; 0 if the slice leaves it open.
    """

    address: bytes
    pod: str
    port: int


class _Slice(NamedTuple):
    """Endpoints as two columns: there are as many as pods."""

    service: ServiceKey
    addresses: tuple[bytes, ...]
    pods: tuple[str, ...]
    ports: tuple[EndpointPort, ...]


class Services:
    """All Services and endpoint slices."""

    def __init__(self) -> None:
        self._services: dict[ServiceKey, Service] = {}
        self._slices: dict[str, _Slice] = {}
        self._slices_of: dict[ServiceKey, dict[str, _Slice]] = {}
        self._leases: Leases[Service] = Leases()
        self._node_ports: dict[tuple[Protocol, int], tuple[Service, ...]] = {}

    @property
    def count(self) -> int:
        """How many are known."""
        return len(self._services)

    def put(self, item: InventoryObject, body: ServiceBody) -> tuple[Service, ...]:
        """Add or change a Service; as it was and as it is. Raises ValueError for a bad address."""
        key = (intern(item.namespace), item.name)
        if body.type == "ExternalName":  # no proxy acts on whatever else it says
            service = Service(key, body, (), (), item.created, item.deleted or FOREVER)
        else:
            cluster_ips, other_ips = (tuple(map(packed, ips)) for ips in (body.cluster_ips, _other_ips(body)))
            service = Service(key, body, cluster_ips, other_ips, item.created, item.deleted or FOREVER)
        earlier = self.drop(key)
        self._services[key] = service
        for address in service.addresses:
            self._leases.put(address, service)
        for port in _node_ports(service):
            self._node_ports[port] = (*self._node_ports.get(port, ()), service)
        return (*earlier, service)

    def drop(self, key: ServiceKey) -> tuple[Service, ...]:
        """Forget a Service; as it was, if it was known."""
        service = self._services.pop(key, None)
        if service is None:
            return ()
        for address in service.addresses:
            self._leases.drop(address, service)
        for port in _node_ports(service):
            self._node_ports[port] = tuple(one for one in self._node_ports[port] if one is not service)
        return (service,)

    def put_slice(self, item: InventoryObject, body: EndpointSliceBody) -> tuple[ServiceKey, ...]:
        """Add or change an endpoint slice; one that is deleted is forgotten. Raises ValueError for a bad address.

        Returns:
            The Services whose endpoints are different now.
        """
        addresses = tuple(packed(ip) for one in body.endpoints for ip in one.addresses)
        pods = tuple(intern(one.pod_uid) for one in body.endpoints for _ in one.addresses)
        made = _Slice((intern(item.namespace), body.service), addresses, pods, body.ports)
        if self._slices.get(item.key) == made and not item.deleted:
            return ()
        earlier = self.drop_slice(item.key)
        if not item.deleted:
            self._slices[item.key] = made
            self._slices_of.setdefault(made.service, {})[item.key] = made
        return (*earlier, made.service)

    def drop_slice(self, key: str) -> tuple[ServiceKey, ...]:
        """Forget an endpoint slice; the Service it belonged to, if it was known."""
        gone = self._slices.pop(key, None)
        if gone is None:
            return ()
        del self._slices_of[gone.service][key]
        if not self._slices_of[gone.service]:
            del self._slices_of[gone.service]
        return (gone.service,)

    def is_cluster_ip(self, address: bytes) -> bool:
        """Whether nothing but a Service is, or was, at the address."""
        return any(address in service.cluster_ips for service in self._leases.all(address))

    def __contains__(self, address: bytes) -> bool:
        """Whether the address belongs, or belonged, to a Service."""
        return address in self._leases

    def at(self, address: bytes, first: Millis, last: Millis) -> tuple[Service, ...]:
        """The Services that may have had the address between the two moments, in one fixed order."""
        return _ordered(self._leases.holders(address, first, last))

    def all_at(self, address: bytes) -> tuple[Service, ...]:
        """The Services that had the address at any time."""
        return self._leases.all(address)

    def at_node_port(self, protocol: Protocol, port: int) -> tuple[Service, ...]:
        """The Services that every node offers, or offered, at this port, in one fixed order."""
        return _ordered(self._node_ports.get((protocol, port), ()))

    def has_slices(self, key: ServiceKey) -> bool:
        """Whether any slice is known of the Service."""
        return key in self._slices_of

    def endpoints(self, key: ServiceKey, port: ServicePort) -> tuple[Endpoint, ...]:
        """The endpoints that slices name for a Service's port, in one fixed order."""
        slices = self._slices_of.get(key, {}).values()
        return tuple(sorted({endpoint for one in slices for endpoint in _endpoints(one, port)}))

    def api_server(self) -> Iterator[tuple[bytes, Protocol, int]]:
        """The API server's addresses and ports: the endpoints of default/kubernetes."""
        for one in self._slices_of.get(API_SERVER, {}).values():
            for address in one.addresses:
                yield from ((address, port.protocol, port.port) for port in one.ports)


def _ordered(services: tuple[Service, ...]) -> tuple[Service, ...]:
    return services if len(services) < 2 else tuple(sorted(services, key=lambda one: one.key))  # noqa: PLR2004  two


def _other_ips(body: ServiceBody) -> tuple[str, ...]:
    return tuple(ip for ip in body.external_ips + body.load_balancer_ips if ip not in body.cluster_ips)


def _node_ports(service: Service) -> Iterator[tuple[Protocol, int]]:
    if service.body.type != "ExternalName":
        yield from ((port.protocol, port.node_port) for port in service.body.ports if port.node_port)


def _endpoints(one: _Slice, port: ServicePort) -> Iterator[Endpoint]:
    numbers = [known.port for known in one.ports if known.name == port.name and known.protocol == port.protocol]
    for address, pod in zip(one.addresses, one.pods, strict=True):
        for number in numbers if one.ports else [0]:
            yield Endpoint(address, pod, number)
