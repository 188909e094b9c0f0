"""What a client reaches at an address and port: a pod, or through Services all workloads that stood behind them then.

Endpoint slices tell who stands behind a Service now. At an earlier moment it was those of them that held their
addresses already, and the pods with the Service's labels that have gone since.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from schemas.records import Labels, Millis, Protocol, ServicePort, ServiceRef, UnresolvedPeer, WorkloadRef
from streams.directory.ends import End, NodeEnd, OtherEnd, Server, merged
from streams.directory.families import Family, Pod, carries
from streams.directory.leases import FOREVER, NEVER, Lease, Period, alive, period
from streams.directory.places import Places
from streams.directory.pods import Pods
from streams.directory.reached import Answer, Reached
from streams.directory.services import Endpoint, Service, ServiceKey, Services
from streams.objects.addresses import as_text

_MOST: Final = 100
"""Candidates that one connection is told to; if there are more (a Service of every node), the server's end tells."""


class _Candidate(NamedTuple):
    """Somebody who may have been reached, and when: a pod, or a place that is none."""

    start: Millis
    end: Millis
    who: Pod | NodeEnd | OtherEnd
    port: int
    service: ServiceRef | None = None


class _Front(NamedTuple):
    """A Service's port, as far as it stands in front of endpoints."""

    port: int
    selector: Labels
    reference: ServiceRef


@dataclass(slots=True)
class _Search:
    """One question: what it is about, and what its answer follows from."""

    address: bytes
    protocol: Protocol
    port: int
    seen: tuple[Millis, Millis]
    tokens: set[Hashable] = field(default_factory=set)
    leases: list[Lease] = field(default_factory=list)

    def unresolved(self, reason: str) -> tuple[Server, ...]:
        return (Server(OtherEnd(UnresolvedPeer(as_text(self.address), reason)), self.port),)


class Backends:
    """Addresses and ports to servers; answers are remembered until they may have changed."""

    def __init__(self, pods: Pods, services: Services, places: Places) -> None:
        self.reached = Reached()
        self._pods = pods
        self._services = services
        self._places = places
        self._selecting: dict[str, dict[ServiceKey, Labels]] = {}

    def pods_changed(self, pods: Iterable[Pod]) -> None:
        """Forget what clients reached where these pods were, or may now be, the answer or a part of it."""
        for pod in pods:
            self.reached.forget(pod.identity, *pod.addresses)
            self.reached.forget(*((port.protocol, port.host_port) for port in pod.ports if port.host_port))
            selecting = self._selecting.get(pod.family.namespace, {})
            for key in [key for key, selector in selecting.items() if carries(pod.family.labels, selector)]:
                del selecting[key]
                self.reached.forget(key)

    def services_changed(self, services: Iterable[Service]) -> None:
        """Forget what clients reached through these Services, or instead of them."""
        for service in services:
            self.endpoints_changed(service.key)
            self.reached.forget(*service.addresses)
            self.reached.forget(*((port.protocol, port.node_port) for port in service.body.ports if port.node_port))

    def endpoints_changed(self, key: ServiceKey) -> None:
        """Forget what clients reached through one Service."""
        self._selecting.get(key[0], {}).pop(key, None)
        self.reached.forget(key)

    def answer(self, address: bytes, protocol: Protocol, port: int, seen: tuple[Millis, Millis]) -> Answer:
        """All servers that a client may have reached there between the two moments, at least one.

        Its period says when the answer would be the same; NEVER if it differs from one of the moments to another.
        """
        known = self.reached.get(address, protocol, port, seen)
        if known is not None:
            return known
        search = _Search(address, protocol, port, seen)
        servers = self.reached.same(self._found(search))
        answer = Answer(period(search.leases, *seen), servers)
        if answer.period is not NEVER:
            self.reached.put(address, protocol, port, answer, search.tokens)
        return answer

    def _found(self, search: _Search) -> tuple[Server, ...]:
        held = self._pods.leases.all(search.address)
        holders = alive(held, *search.seen)
        search.leases += held
        if not holders:
            return self._through_services(search) or self._elsewhere(search)
        end = self._pods.together(search.address, holders)
        search.tokens.update(key for pod in holders for key in pod.family.chain)
        return (Server(end, search.port),)

    def _through_services(self, search: _Search) -> tuple[Server, ...]:
        """By the Service's port; if several Services share an address, those that have the port. Empty if none is."""
        if search.address not in self._services:
            return ()
        search.leases += self._services.all_at(search.address)
        services = self._services.at(search.address, *search.seen)
        search.tokens.update(service.key for service in services)
        reason = ""
        for service in services:
            for one in service.body.ports:
                if (one.protocol, one.port) == (search.protocol, search.port):
                    candidates, reason = self._behind(search, service, one)
                    found = self._servers(search, candidates)
                    if found:
                        return found
        if reason:
            return search.unresolved(reason)
        if self._services.is_cluster_ip(search.address):
            return search.unresolved("no_service_port" if services else "no_lease")
        return ()

    def _elsewhere(self, search: _Search) -> tuple[Server, ...]:
        end = self._place(search, search.address, search.port)
        if isinstance(end, NodeEnd):
            search.tokens.add((search.protocol, search.port))
            found = self._servers(search, tuple(self._behind_node(search, end)))
            return found or (Server(end, search.port),)
        return (Server(end, search.port),)

    def _behind_node(self, search: _Search, node: NodeEnd) -> Iterator[_Candidate]:
        """Through a port that every node offers for a Service, or that this one offers for a pod."""
        offered = self._services.at_node_port(search.protocol, search.port)
        search.leases += offered
        for service in alive(offered, *search.seen):
            search.tokens.add(service.key)
            for one in service.body.ports:
                if (one.protocol, one.node_port) == (search.protocol, search.port):
                    yield from self._behind(search, service, one)[0]
        for pod in self._pods.at_host_port(search.protocol, search.port):
            for port in pod.ports if node.node and pod.node == node.node else ():
                if (port.protocol, port.host_port) == (search.protocol, search.port):
                    yield _Candidate(pod.start, pod.end, pod, port.port)

    def _behind(self, search: _Search, service: Service, port: ServicePort) -> tuple[tuple[_Candidate, ...], str]:
        """Whoever stands or stood behind a Service's port, and why there is nobody if there is not."""
        front = _Front(port.port, service.body.selector, service.reference(port))
        endpoints = self._services.endpoints(service.key, port)
        found = [one for endpoint in endpoints for one in self._of_endpoint(search, front, endpoint)]
        reason = "unknown_pod" if endpoints and not found else "no_endpoints"
        if front.selector:
            self._selecting.setdefault(service.key[0], {})[service.key] = front.selector
            ask = self._pods.ended if self._services.has_slices(service.key) else self._pods.selected
            for pod in sorted(ask(service.key[0], front.selector), key=lambda one: one.identity):
                number = _target(port, pod)
                if number and not pod.family.host_network:
                    found.append(_Candidate(pod.start, pod.end, pod, number, front.reference))
        return tuple(found), reason

    def _of_endpoint(self, search: _Search, front: _Front, endpoint: Endpoint) -> Iterator[_Candidate]:
        """Its pod by UID, never another one; else whoever had the address, at any time."""
        number = endpoint.port or front.port
        if endpoint.pod:
            pod = self._pods.by_uid(endpoint.pod)
            if pod is None or not front.selector or not carries(pod.family.labels, front.selector):
                search.tokens.add(endpoint.pod)
            if pod is None:
                return
            if not pod.family.host_network:
                yield _Candidate(pod.start, pod.end, pod, number, front.reference)
                return
        search.tokens.add(endpoint.address)
        held = self._pods.leases.all(endpoint.address)
        for one in held:
            yield _Candidate(one.start, one.end, one, number, front.reference)
        if not held:
            yield _Candidate(0, FOREVER, self._place(search, endpoint.address, number), number, front.reference)

    def _place(self, search: _Search, address: bytes, port: int) -> NodeEnd | OtherEnd:
        search.leases += self._places.leases.all(address)
        search.leases.append(Period(0, self._places.since))
        api_server = self._places.api_server(address, search.protocol, port)
        return api_server or self._places.end(address, *search.seen, held=address in self._pods.leases)

    def _servers(self, search: _Search, candidates: tuple[_Candidate, ...]) -> tuple[Server, ...]:
        """One server for each workload and port of those that were there."""
        search.leases += candidates
        refs: dict[Family, WorkloadRef] = {}
        together: dict[tuple[WorkloadRef | End, int], list[_Candidate]] = {}
        for one in alive(candidates, *search.seen):
            who = one.who if not isinstance(one.who, Pod) else refs.get(one.who.family) or self._ref(one.who, refs)
            together.setdefault((who, one.port), []).append(one)
        search.tokens.update(key for family in refs for key in family.chain)
        if len(together) > _MOST:
            return search.unresolved("many_endpoints")
        return tuple(Server(self._end(same), port, same[0].service) for (_, port), same in together.items())

    def _ref(self, pod: Pod, refs: dict[Family, WorkloadRef]) -> WorkloadRef:
        return refs.setdefault(pod.family, self._pods.end(pod).peer.workload.ref)

    def _end(self, same: list[_Candidate]) -> End:
        first = same[0].who
        if not isinstance(first, Pod):
            return first
        return merged([self._pods.end(one.who) for one in same if isinstance(one.who, Pod)])


def _target(port: ServicePort, pod: Pod) -> int:
    """The pod's number of a Service's target port; 0 if the pod does not declare the name."""
    if port.target_port.isdigit():
        return int(port.target_port)
    named = [one.port for one in pod.ports if (one.name, one.protocol) == (port.target_port, port.protocol)]
    return named[0] if named else 0
