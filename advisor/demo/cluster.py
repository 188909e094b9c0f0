"""What a scheduler and a CNI would make of the manifest: pods with addresses, Services with addresses; pure.

Everything is derived from names and order alone, so the same manifest gives the same cluster on any machine.
"""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from advisor.demo.manifest import Deployment, Manifest, Service, ServicePort

NODE: Final = "demo-node"
NODE_ADDRESS: Final = IPv4Address("192.0.2.10")
POD_RANGE: Final = IPv4Network("10.244.0.0/24")
GATEWAY: Final = IPv4Address("10.244.0.1")
"""The node's address on the pods' bridge: kubelet's probes come from it."""
SERVICE_RANGE: Final = IPv4Network("10.96.0.0/16")
BALANCER_ADDRESS: Final = IPv4Address("198.51.100.10")
OUTSIDE_ADDRESS: Final = IPv4Address("203.0.113.7")
"""The load generator; it is no part of the cluster."""

_FIRST_POD: Final = 10
_FIRST_SERVICE: Final = 16
_SAFE: Final = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of which Kubernetes makes generated names (apimachinery, util/rand)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one can connect to."""

    address: IPv4Address
    port: int


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod.

    Attributes:
        deployment: What it is a replica of.
        name: metadata.name.
        address: In POD_RANGE.
        calls: What it connects to: Service addresses and ports.
    """

    deployment: Deployment
    name: str
    address: IPv4Address
    calls: tuple[Endpoint, ...]

    @property
    def uid(self) -> str:
        """metadata.uid."""
        return uid("Pod", self.deployment.namespace, self.name)


@dataclass(frozen=True, slots=True)
class Forward:
    """One port of a Service, as kube-proxy forwards it.

    Attributes:
        service: Whose port.
        port: Which port.
        addresses: The cluster address and the load balancer's, if it has one.
        backends: Pod address and port.
    """

    service: Service
    port: ServicePort
    addresses: tuple[IPv4Address, ...]
    backends: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The manifest, placed.

    Attributes:
        manifest: What was placed.
        pods: All pods.
        forwards: All Service ports.
        outside_calls: What the load generator connects to.
    """

    manifest: Manifest
    pods: tuple[Pod, ...]
    forwards: tuple[Forward, ...]
    outside_calls: tuple[Endpoint, ...]


def place(manifest: Manifest) -> Cluster:
    """Give every pod and every Service its address."""
    cluster_ips = {_key(one): address for one, address in zip(manifest.services, _service_addresses(), strict=False)}
    replicas = [(deployment, index) for deployment in manifest.deployments for index in range(deployment.replicas)]
    pods = tuple(
        Pod(deployment, pod_name(deployment, index), POD_RANGE[_FIRST_POD + position], _calls(deployment, cluster_ips))
        for position, (deployment, index) in enumerate(replicas)
    )
    forwards = tuple(
        Forward(service, port, _addresses(service, cluster_ips), _backends(service, port, pods))
        for service in manifest.services
        for port in service.ports
    )
    outside = tuple(Endpoint(BALANCER_ADDRESS, one.port.port) for one in forwards if one.service.balanced)
    return Cluster(manifest, pods, forwards, outside)


def uid(kind: str, namespace: str, name: str) -> str:
    """A UID that depends on the name alone."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{kind}.{namespace}.{name}.demo.invalid"))


def template_hash(deployment: Deployment) -> str:
    """What Kubernetes would put into pod-template-hash."""
    return _letters(f"{deployment.namespace}/{deployment.name}", 10)


def pod_name(deployment: Deployment, index: int) -> str:
    """The name of a replica, in the form that a ReplicaSet gives it."""
    suffix = _letters(f"{deployment.namespace}/{deployment.name}/{index}", 5)
    return f"{deployment.name}-{template_hash(deployment)}-{suffix}"


def _letters(text: str, count: int) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(_SAFE[byte % len(_SAFE)] for byte in digest[:count])


def _key(service: Service) -> tuple[str, str]:
    return service.namespace, service.name


def _service_addresses() -> Iterable[IPv4Address]:
    return (SERVICE_RANGE[number] for number in range(_FIRST_SERVICE, SERVICE_RANGE.num_addresses))


def _calls(deployment: Deployment, cluster_ips: dict[tuple[str, str], IPv4Address]) -> tuple[Endpoint, ...]:
    calls = []
    for call in deployment.calls:
        host, _, port = call.partition(":")
        name, _, namespace = host.partition(".")
        calls.append(Endpoint(cluster_ips[namespace or deployment.namespace, name], int(port)))
    return tuple(calls)


def _addresses(service: Service, cluster_ips: dict[tuple[str, str], IPv4Address]) -> tuple[IPv4Address, ...]:
    cluster_ip = cluster_ips[_key(service)]
    return (cluster_ip, BALANCER_ADDRESS) if service.balanced else (cluster_ip,)


def _backends(service: Service, port: ServicePort, pods: Iterable[Pod]) -> tuple[Endpoint, ...]:
    chosen = [
        pod
        for pod in pods
        if pod.deployment.namespace == service.namespace and set(service.selector) <= set(pod.deployment.labels)
    ]
    return tuple(Endpoint(pod.address, _number(port.target, pod.deployment)) for pod in chosen)


def _number(target: int | str, deployment: Deployment) -> int:
    if isinstance(target, int):
        return target
    return next(port.number for port in deployment.ports if port.name == target)
