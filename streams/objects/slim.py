"""A Kubernetes object as the inventory keeps it: `slim`, pure, for files and for the watcher alike."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas.records import (
    ControllerBody,
    InventoryBody,
    InventoryObject,
    NamespaceBody,
    NetworkPolicyBody,
    NodeBody,
    OwnerRef,
)
from streams.objects import fields
from streams.objects.addresses import is_address
from streams.objects.slim_pods import pod_body
from streams.objects.slim_services import endpoints_as_slices, service_body, slice_body

Object = Mapping[str, Any]


def slim(source: Object, cluster: str) -> InventoryObject | None:
    """What matters of one object; None for kinds that play no part. Raises BadObject naming the wrong field."""
    kind = fields.text(source, "kind")
    if kind not in _BODIES:
        return None
    return _object(source, cluster, _BODIES[kind](source))


def slim_endpoints(source: Object, cluster: str) -> tuple[InventoryObject, ...]:
    """A legacy Endpoints object as the slices that it stands for, one for each of its subsets."""
    name = fields.text(source, "metadata.name")
    return tuple(
        InventoryObject(
            cluster, "EndpointSlice", fields.text(source, "metadata.namespace"), f"{name}/endpoints-{index}", body
        )
        for index, body in enumerate(endpoints_as_slices(source))
    )


def _object(source: Object, cluster: str, body: InventoryBody) -> InventoryObject:
    name = fields.text(source, "metadata.name")
    if not name:
        raise fields.BadObject("metadata.name is missing")
    kind = fields.text(source, "kind")
    return InventoryObject(
        cluster=cluster,
        kind=kind,
        namespace="" if kind in _CLUSTER_SCOPED else fields.text(source, "metadata.namespace") or "default",
        name=name,
        body=body,
        uid=fields.text(source, "metadata.uid"),
        labels=fields.labels(source, "metadata.labels"),
        owner=_owner(source),
        created=fields.moment(source, "metadata.creationTimestamp"),
    )


def _owner(source: Object) -> OwnerRef | None:
    for reference in fields.items(source, "metadata.ownerReferences"):
        if reference.get("controller") is True:
            return OwnerRef(
                fields.text(reference, "kind"),
                fields.text(reference, "name"),
                fields.text(reference, "uid"),
                fields.text(reference, "apiVersion"),
            )
    return None


def _controller(source: Object) -> ControllerBody:
    template = "spec.jobTemplate.spec.template" if fields.text(source, "kind") == "CronJob" else "spec.template"
    selector = fields.mapping(source, "spec.selector")
    expressions = fields.items(selector, "matchExpressions")
    return ControllerBody(
        selector=fields.labels(selector, "matchLabels"),
        match_expressions=json.dumps(list(expressions), sort_keys=True) if expressions else "",
        template_labels=fields.labels(source, f"{template}.metadata.labels"),
        host_network=fields.at(source, f"{template}.spec.hostNetwork") is True,
    )


def _node(source: Object) -> NodeBody:
    annotations = dict(fields.labels(source, "metadata.annotations"))
    addresses = [fields.text(item, "address") for item in fields.items(source, "status.addresses")]
    addresses += [annotations[name] for name in _TUNNELS if name in annotations]
    cidrs = fields.texts(source, "spec.podCIDRs") or tuple(filter(None, [fields.text(source, "spec.podCIDR")]))
    return NodeBody(tuple(dict.fromkeys(filter(is_address, addresses))), fields.ranges("spec.podCIDRs", cidrs))


def _namespace(_source: Object) -> NamespaceBody:
    return NamespaceBody()


def _network_policy(source: Object) -> NetworkPolicyBody:
    return NetworkPolicyBody(json.dumps(fields.mapping(source, "spec"), sort_keys=True))


_TUNNELS: Final = (
    "projectcalico.org/IPv4IPIPTunnelAddr",
    "projectcalico.org/IPv4VXLANTunnelAddr",
    "projectcalico.org/IPv6VXLANTunnelAddr",
    "projectcalico.org/IPv4WireguardInterfaceAddr",
    "projectcalico.org/IPv6WireguardInterfaceAddr",
    "network.cilium.io/ipv4-cilium-host",
    "network.cilium.io/ipv6-cilium-host",
)
"""Annotations in which Calico and Cilium note the node's own addresses in the pods' ranges."""
_CLUSTER_SCOPED: Final = frozenset({"Node", "Namespace"})
_BODIES: Final[dict[str, Callable[[Object], InventoryBody]]] = {
    "Pod": pod_body,
    "Service": service_body,
    "EndpointSlice": slice_body,
    "Node": _node,
    "Namespace": _namespace,
    "ReplicaSet": _controller,
    "Deployment": _controller,
    "StatefulSet": _controller,
    "DaemonSet": _controller,
    "Job": _controller,
    "CronJob": _controller,
    "NetworkPolicy": _network_policy,
}
