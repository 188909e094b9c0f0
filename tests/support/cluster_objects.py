"""Inventory objects and batches in few words, for tests of streams."""

import yaml

from schemas.records import (
    Basis,
    ClusterFacts,
    Connection,
    ConnectionBatch,
    Connections,
    ContainerPort,
    ControllerBody,
    Endpoint,
    EndpointPort,
    EndpointSliceBody,
    InventoryObject,
    NamespaceBody,
    NodeBody,
    OwnerRef,
    PodBody,
    Protocol,
    Role,
    ServiceBody,
    ServicePort,
    labels_of,
)
from streams.objects.addresses import packed
from streams.objects.slim import slim

CLUSTER = "test"
API = {"Job": "batch/v1", "CronJob": "batch/v1"}
T0 = 1_800_000_000_000


def owner(kind, name, api_version=None):
    """A controlling owner."""
    return OwnerRef(kind, name, f"uid-{kind}-{name}", api_version or API.get(kind, "apps/v1"))


def pod(name, *ips, labels=(), owned_by=None, lease=(0, 0), **body):
    """A running pod; `lease` is (created, deleted), the rest is its body's; a port is (name, number, ...)."""
    body["ports"] = tuple(ContainerPort(*one) for one in body.get("ports", ()))
    namespace = body.pop("namespace", "demo")
    made = PodBody(**{"node": "n1", "ips": ips, "phase": "Running", **body})
    labelled = labels_of(dict(labels))
    return InventoryObject(CLUSTER, "Pod", namespace, name, made, f"uid-{name}", labelled, owned_by, *lease)


def controller(kind, name, selector=(), template=(), owned_by=None):
    """A controller of pods."""
    body = ControllerBody(labels_of(dict(selector)), template_labels=labels_of(dict(template)))
    return InventoryObject(CLUSTER, kind, "demo", name, body, f"uid-{kind}-{name}", owner=owned_by)


def service(name, *cluster_ips, ports=((80, "8080"),), selector=(), namespace="demo", **body):
    """A Service; a port is (port, target, protocol, node port), the last two may be missing."""
    numbered = tuple(ServicePort(f"p{port}", port, target, *more) for port, target, *more in ports)
    made = ServiceBody(cluster_ips=cluster_ips, ports=numbered, selector=labels_of(dict(selector)), **body)
    return InventoryObject(CLUSTER, "Service", namespace, name, made, f"uid-svc-{name}")


def endpoints(service_name, endpoint_ips, ports=((80, 8080),), namespace="demo", suffix="a"):
    """An endpoint slice; an endpoint is an address or (address, pod), a port (Service port, number, protocol)."""
    made = tuple(
        Endpoint((one,)) if isinstance(one, str) else Endpoint((one[0],), f"uid-{one[1]}", one[1])
        for one in endpoint_ips
    )
    numbered = tuple(EndpointPort(f"p{port}", number, *more) for port, number, *more in ports)
    body = EndpointSliceBody(service_name, made, numbered)
    return InventoryObject(CLUSTER, "EndpointSlice", namespace, f"{service_name}-{suffix}", body)


def node(name, *addresses, cidrs=()):
    """A node."""
    return InventoryObject(CLUSTER, "Node", "", name, NodeBody(addresses, tuple(cidrs)), f"uid-{name}")


def namespace(labels=()):
    """The namespace of all of these, with these labels."""
    return InventoryObject(CLUSTER, "Namespace", "", "demo", NamespaceBody(), labels=labels_of(dict(labels)))


def facts(pods=("10.1.0.0/16",), services=("10.96.0.0/16",)):
    """The cluster's ranges."""
    return InventoryObject(CLUSTER, "ClusterFacts", "", "cluster", ClusterFacts(tuple(pods), tuple(services)))


def manifests(text):
    """The objects of YAML documents, slim, as `kubectl get -o yaml` gives them; times in quotes."""
    found = (slim(document, CLUSTER) for document in yaml.safe_load_all(text) if document)
    return tuple(item for item in found if item is not None)


def connection(local, remote, port, role=Role.CLIENT, **more):
    """One edge as a node saw it: once, at T0, established, by TCP, unless said otherwise."""
    at = more.pop("at", T0)
    seen = {
        "role": role,
        "basis": Basis.CONNECT if role is Role.CLIENT else Basis.ACCEPT,
        "protocol": Protocol.TCP,
        "established": True,
        "count": 1,
    }
    ends = {"local_address": packed(local), "remote_address": packed(remote), "port": port}
    return Connection(**{**seen, **ends, "first_seen": at, "last_seen": at, **more})


def batch(*connections, sequence=0, source="n1", boot="boot", end=T0 + 5_000, losses=()):
    """What a node saw in the five seconds before `end`."""
    start = end - 5_000
    return ConnectionBatch(CLUSTER, source, boot, sequence, start, end, Connections.of(connections, start), losses)
