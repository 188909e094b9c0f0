"""What a client reaches at an address and port that is no pod's: through Services, to all workloads behind them."""

from collections.abc import Iterable, Iterator

from schemas.records import (
    Millis,
    PodBody,
    Protocol,
    ServicePort,
    UnresolvedPeer,
)
from streams.addresses import as_text, packed
from streams.ends import End, NodeEnd, OtherEnd, PodEnd, Server
from streams.places import Places
from streams.pods import Pods
from streams.services import Backend, Service, Services, reference


class Backends:
    """Service addresses to servers; what stands behind a Service's port is remembered until it may have changed."""

    def __init__(self, pods: Pods, services: Services, places: Places) -> None:
        self._pods = pods
        self._services = services
        self._places = places
        self._known: dict[tuple[str, str], dict[ServicePort, tuple[Server, ...]]] = {}
        self._by_selector: dict[str, set[tuple[str, str]]] = {}
        self._asked_for: dict[bytes | str, set[tuple[str, str]]] = {}

    def service_changed(self, namespace: str, name: str) -> None:
        """Forget what stood behind one Service."""
        self._known.pop((namespace, name), None)

    def pod_changed(self, namespace: str, uid: str, ips: Iterable[str]) -> None:
        """Forget what stood behind the Services that this pod was, or may now be, a part of."""
        changed = self._by_selector.pop(namespace, set())
        tokens: list[bytes | str] = [uid, *map(packed, ips)]
        for token in tokens:
            changed |= self._asked_for.pop(token, set())
        for key in changed:
            self._known.pop(key, None)

    def all_changed(self) -> None:
        """Forget everything."""
        self._known.clear()
        self._by_selector.clear()
        self._asked_for.clear()

    def servers(self, address: bytes, protocol: Protocol, port: int, seen: tuple[Millis, Millis]) -> tuple[Server, ...]:
        """All servers that a client may have reached there between the two moments; at least one."""
        if address in self._services:
            return self._through(self._services.at(address, *seen), address, protocol, port)
        api_server = self._places.api_server(address, protocol, port)
        end = api_server or self._places.end(address, held=address in self._pods)
        if isinstance(end, NodeEnd):
            behind = self._services.at_node_port(protocol, port)
            found = [server for service in behind for server in self._behind_node_port(service, protocol, port)]
            return tuple(found) or (Server(end, port),)
        return (Server(end, port),)

    def _through(
        self, services: tuple[Service, ...], address: bytes, protocol: Protocol, port: int
    ) -> tuple[Server, ...]:
        """By the Service's port; if several Services share an address, those that have the port."""
        reason = "no_service_port" if services else "no_lease"
        for service in services:
            for one in service[1].ports:
                if (one.protocol, one.port) == (protocol, port):
                    found = self._behind(service, one)
                    if found:
                        return found
                    reason = "no_endpoints"
        return (Server(OtherEnd(UnresolvedPeer(as_text(address), reason)), port),)

    def _behind_node_port(self, service: Service, protocol: Protocol, port: int) -> Iterator[Server]:
        for one in service[1].ports:
            if (one.protocol, one.node_port) == (protocol, port):
                yield from self._behind(service, one)

    def _behind(self, service: Service, port: ServicePort) -> tuple[Server, ...]:
        key = (service[0].namespace, service[0].name)
        known = self._known.setdefault(key, {})
        if port not in known:
            found = list(self._endpoints(service, port))
            if not found:
                found = list(self._selected(service, port))
                self._by_selector.setdefault(key[0], set()).add(key)
            known[port] = _distinct(found)
        return known[port]

    def _endpoints(self, service: Service, port: ServicePort) -> Iterator[Server]:
        key = (service[0].namespace, service[0].name)
        for backend in self._services.backends(service[0], port):
            for token in (backend.pod, backend.address):
                self._asked_for.setdefault(token, set()).add(key)
            number = backend.port or port.port
            yield Server(self._endpoint(backend, port.protocol, number), number, reference(service[0], port))

    def _endpoint(self, backend: Backend, protocol: Protocol, port: int) -> End:
        """An endpoint is as current as its slice: its pod by UID, else whoever has the address."""
        pod = self._pods.end(backend.pod) if backend.pod else None
        if pod is not None and not pod.peer.workload.host_network:
            return pod
        holders = [end for end in map(self._pods.end, self._pods.current(backend.address)) if end is not None]
        if holders:
            return holders[-1]
        api_server = self._places.api_server(backend.address, protocol, port)
        return api_server or self._places.end(backend.address, held=False)

    def _selected(self, service: Service, port: ServicePort) -> Iterator[Server]:
        """Without slices, the pods that the selector finds, each with its own number for a named port."""
        item, body = service
        for identity, pod in self._pods.selected(item.namespace, body.selector) if body.selector else ():
            number = _target(port, pod)
            end = self._pods.end(identity)
            if number and end is not None and not pod.host_network:
                yield Server(end, number, reference(item, port))


def _target(port: ServicePort, pod: PodBody) -> int:
    """The pod's number of a Service's target port; 0 if the pod does not declare the name."""
    if port.target_port.isdigit():
        return int(port.target_port)
    named = [one.port for one in pod.ports if (one.name, one.protocol) == (port.target_port, port.protocol)]
    return named[0] if named else 0


def _distinct(servers: Iterable[Server]) -> tuple[Server, ...]:
    """One server for each workload and port; its node only if all its pods run there."""
    found: dict[tuple[object, int], Server] = {}
    for server in servers:
        end = server.end
        key = (end.peer if isinstance(end, PodEnd) else end, server.port)
        earlier = found.setdefault(key, server)
        if isinstance(end, PodEnd) and isinstance(earlier.end, PodEnd) and earlier.end.node != end.node:
            found[key] = Server(PodEnd(end.pod, "", end.peer), server.port, server.service)
    return tuple(found.values())
