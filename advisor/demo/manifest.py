"""`shop.yaml`, typed; YAML enters and leaves the demo here."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

Object = dict[str, Any]
"""A Kubernetes object as its YAML says it."""

SHOP: Final = Path(__file__).with_name("shop.yaml")
CALLS: Final = "demo.network-policy/calls"
SOCKETS: Final = "demo.network-policy/sockets"


@dataclass(frozen=True, slots=True)
class NamedPort:
    """A container's port.

    Attributes:
        name: Services may use it as target.
        number: What the pod listens on.
    """

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """A Deployment of the manifest.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        labels: Of selector and pods alike, sorted.
        replicas: Pods.
        ports: What each pod listens on.
        calls: Peers as service:port or service.namespace:port.
        dual_stack: Opens AF_INET6 sockets for IPv4 too.
    """

    namespace: str
    name: str
    labels: tuple[tuple[str, str], ...]
    replicas: int
    ports: tuple[NamedPort, ...]
    calls: tuple[str, ...]
    dual_stack: bool


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service.

    Attributes:
        name: Its name.
        port: What clients use.
        target: Number or name of a port of the pods.
    """

    name: str
    port: int
    target: int | str


@dataclass(frozen=True, slots=True)
class Service:
    """A Service of the manifest.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        balanced: Has a load balancer's address too.
        selector: Labels of its pods, sorted.
        ports: Its ports.
    """

    namespace: str
    name: str
    balanced: bool
    selector: tuple[tuple[str, str], ...]
    ports: tuple[ServicePort, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that the shop declares, in order of declaration."""

    namespaces: tuple[str, ...]
    deployments: tuple[Deployment, ...]
    services: tuple[Service, ...]


def load(path: Path = SHOP) -> Manifest:
    """The manifest of a file."""
    documents: list[Object] = list(yaml.safe_load_all(path.read_text()))
    return Manifest(
        namespaces=tuple(one["metadata"]["name"] for one in _of(documents, "Namespace")),
        deployments=tuple(_deployment(one) for one in _of(documents, "Deployment")),
        services=tuple(_service(one) for one in _of(documents, "Service")),
    )


def as_list(objects: Iterable[Object]) -> str:
    """The objects as `kubectl get -o yaml` prints several."""
    return yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": list(objects)}, sort_keys=False)


def rule_counts(policy: str) -> tuple[int, int]:
    """How many ingress and egress rules the YAML of a NetworkPolicy has."""
    spec: Object = (yaml.safe_load(policy) or {}).get("spec") or {}
    return len(spec.get("ingress") or ()), len(spec.get("egress") or ())


def _of(documents: Iterable[Object], kind: str) -> list[Object]:
    return [one for one in documents if one["kind"] == kind]


def _deployment(document: Object) -> Deployment:
    metadata, spec = document["metadata"], document["spec"]
    annotations = metadata.get("annotations") or {}
    return Deployment(
        namespace=metadata["namespace"],
        name=metadata["name"],
        labels=tuple(sorted(spec["selector"]["matchLabels"].items())),
        replicas=spec["replicas"],
        ports=tuple(
            NamedPort(port["name"], port["containerPort"])
            for container in spec["template"]["spec"]["containers"]
            for port in container.get("ports") or ()
        ),
        calls=tuple(annotations.get(CALLS, "").split()),
        dual_stack=annotations.get(SOCKETS) == "dual-stack",
    )


def _service(document: Object) -> Service:
    metadata, spec = document["metadata"], document["spec"]
    return Service(
        namespace=metadata["namespace"],
        name=metadata["name"],
        balanced=spec["type"] == "LoadBalancer",
        selector=tuple(sorted(spec["selector"].items())),
        ports=tuple(ServicePort(port["name"], port["port"], port["targetPort"]) for port in spec["ports"]),
    )
