"""Who is meant by a pod, a Service or an address of an imported event: the question, and its answer without objects."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final
from typing import Protocol as Interface

from advisor.recorded.identity import ref_of, workload_of
from advisor.recorded.model import ImportedEvent, SeenAddress, SeenPod, SeenService
from schemas.records import (
    ExternalPeer,
    Labels,
    Peer,
    ServiceRef,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
    WorkloadRef,
)
from streams.directory.labels import stable

_CLUSTER_LIKE: Final = tuple(map(ip_network, (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10",
)))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a connection ended.

    Attributes:
        peer: Who answered.
        port: The port on which it did.
        service: The Service in between, where its port was translated.
    """

    peer: Peer
    port: int
    service: ServiceRef | None = None


class Whose(Interface):
    """Answers who is meant."""

    def pod(self, pod: SeenPod) -> Workload:
        """The pod's workload."""

    def service(self, service: SeenService, event: ImportedEvent) -> tuple[Reached, ...]:
        """The ends behind the port of the Service that the event's remote end is."""

    def address(self, seen: SeenAddress, event: ImportedEvent) -> tuple[Reached, ...]:
        """Who held the address that the event's remote end is, at its time."""


class NamesOnly:
    """Answers from the recording itself, for want of objects.

    A Service is its selector; without one nothing is known of its endpoints. Its port is taken for the pods' port.
    A private address may be a pod's or a node's that was not recognised, so it stays unresolved.

    Args:
        pods: All pods of the recording, so that a workload's selector holds what all its pods have in common.
        services: All its Services, so that one selector has one name.
    """

    def __init__(self, pods: Iterable[SeenPod], services: Iterable[SeenService]) -> None:
        labels: dict[WorkloadRef, set[Labels]] = {}
        for pod in pods:
            labels.setdefault(ref_of(pod), set()).add(pod.labels)
        self._workloads = {ref: workload_of(ref, sorted(each)) for ref, each in labels.items()}
        guessed = sorted(map(_behind, services), key=_preference, reverse=True)
        known = sorted(self._workloads.values(), key=_preference, reverse=True)
        self._by_selector = {(each.namespace, each.selector): each for each in guessed + known}

    def pod(self, pod: SeenPod) -> Workload:
        """The workload told from the pod's name; those of one selector are one."""
        found = self._workloads[ref_of(pod)]
        return self._by_selector[found.namespace, found.selector] if found.selector else found

    def service(self, service: SeenService, event: ImportedEvent) -> tuple[Reached, ...]:
        """The workload with the Service's selector."""
        if not service.selector:
            named = service.address or f"{service.namespace}/{service.name}"
            return (Reached(UnresolvedPeer(named, "no_endpoints"), event.port),)
        return (Reached(WorkloadPeer(self._by_selector[service.namespace, stable(service.selector)]), event.port),)

    def address(self, seen: SeenAddress, event: ImportedEvent) -> tuple[Reached, ...]:
        """External if no cluster could have given it to a pod or a node."""
        address = ip_address(seen.address)
        private = any(address in network for network in _CLUSTER_LIKE)
        peer = UnresolvedPeer(seen.address, "no_inventory") if private else ExternalPeer(seen.address)
        return (Reached(peer, event.port),)


def _behind(service: SeenService) -> Workload:
    return Workload(service.namespace, "Deployment", service.name.lower(), stable(service.selector))


def _preference(workload: Workload) -> tuple[bool, str, str]:
    return workload.kind == "Pod", workload.kind, workload.name
