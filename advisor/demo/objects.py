"""The Kubernetes objects that a cluster would hold for the shop, as `kubectl get -o yaml` shows them; pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from advisor.demo.cluster import (
    BALANCER_ADDRESS,
    NODE,
    NODE_ADDRESS,
    POD_RANGE,
    SERVICE_RANGE,
    Cluster,
    Forward,
    Pod,
    template_hash,
    uid,
)
from advisor.demo.manifest import Deployment, Object, Service, as_list
from schemas.records import Millis

_API_VERSIONS: Final = {
    "Deployment": "apps/v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "Namespace": "v1",
    "Node": "v1",
    "Pod": "v1",
    "ReplicaSet": "apps/v1",
    "Service": "v1",
    "ServiceCIDR": "networking.k8s.io/v1",
}


def objects_yaml(cluster: Cluster, now: Millis) -> str:
    """All objects as one List; all were created at `now`."""
    return as_list(cluster_objects(cluster, now))


def cluster_objects(cluster: Cluster, now: Millis) -> Iterator[Object]:
    """All objects, the cluster-scoped first."""
    created = datetime.fromtimestamp(now // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield _node(created)
    service_cidr = _object("ServiceCIDR", "", "kubernetes", created, {})
    yield {**service_cidr, "spec": {"cidrs": [str(SERVICE_RANGE)]}}
    for name in cluster.manifest.namespaces:
        labels = {"kubernetes.io/metadata.name": name}
        yield _object("Namespace", "", name, created, {"labels": labels})
    for deployment in cluster.manifest.deployments:
        yield from _controllers(deployment, created)
    for pod in cluster.pods:
        yield _pod(pod, created)
    for service in cluster.manifest.services:
        forwards = [one for one in cluster.forwards if one.service == service]
        yield _service(service, forwards, created)
        yield _slice(service, forwards, cluster.pods, created)


def _object(kind: str, namespace: str, name: str, created: str, more: Object) -> Object:
    scope = {"namespace": namespace} if namespace else {}
    metadata = {"name": name, **scope, "uid": uid(kind, namespace, name), "creationTimestamp": created, **more}
    return {"apiVersion": _API_VERSIONS[kind], "kind": kind, "metadata": metadata}


def _node(created: str) -> Object:
    node = _object("Node", "", NODE, created, {"labels": {"kubernetes.io/hostname": NODE}})
    addresses = [{"type": "InternalIP", "address": str(NODE_ADDRESS)}, {"type": "Hostname", "address": NODE}]
    node["spec"] = {"podCIDR": str(POD_RANGE), "podCIDRs": [str(POD_RANGE)]}
    node["status"] = {"addresses": addresses}
    return node


def _owner(kind: str, namespace: str, name: str) -> Object:
    reference = {"apiVersion": _API_VERSIONS[kind], "kind": kind, "name": name, "uid": uid(kind, namespace, name)}
    return {"ownerReferences": [{**reference, "controller": True, "blockOwnerDeletion": True}]}


def _controllers(deployment: Deployment, created: str) -> Iterator[Object]:
    namespace, name = deployment.namespace, deployment.name
    labels = dict(deployment.labels)
    top = _object("Deployment", namespace, name, created, {})
    top["spec"] = _controller_spec(deployment, labels)
    yield top
    hashed = {**labels, "pod-template-hash": template_hash(deployment)}
    owner = _owner("Deployment", namespace, name)
    replicas = _object("ReplicaSet", namespace, _replica_set(deployment), created, {"labels": hashed, **owner})
    replicas["spec"] = _controller_spec(deployment, hashed)
    yield replicas


def _controller_spec(deployment: Deployment, labels: dict[str, str]) -> Object:
    template = {"metadata": {"labels": dict(labels)}, "spec": {"containers": _containers(deployment)}}
    return {"replicas": deployment.replicas, "selector": {"matchLabels": dict(labels)}, "template": template}


def _containers(deployment: Deployment) -> list[Object]:
    ports = [{"name": port.name, "containerPort": port.number, "protocol": "TCP"} for port in deployment.ports]
    return [{"name": "server", "image": "demo.invalid/pod", **({"ports": ports} if ports else {})}]


def _replica_set(deployment: Deployment) -> str:
    return f"{deployment.name}-{template_hash(deployment)}"


def _pod(pod: Pod, created: str) -> Object:
    deployment = pod.deployment
    labels = {**dict(deployment.labels), "pod-template-hash": template_hash(deployment)}
    owner = _owner("ReplicaSet", deployment.namespace, _replica_set(deployment))
    made = _object("Pod", deployment.namespace, pod.name, created, {"labels": labels, **owner})
    address = str(pod.address)
    made["spec"] = {"nodeName": NODE, "containers": _containers(deployment)}
    made["status"] = {
        "phase": "Running",
        "hostIP": str(NODE_ADDRESS),
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": created,
    }
    return made


def _service(service: Service, forwards: Iterable[Forward], created: str) -> Object:
    made = _object("Service", service.namespace, service.name, created, {})
    cluster_ip = next(str(one.addresses[0]) for one in forwards)
    ports = [
        {"name": port.name, "port": port.port, "protocol": "TCP", "targetPort": port.target} for port in service.ports
    ]
    spec: Object = {"clusterIP": cluster_ip, "clusterIPs": [cluster_ip], "selector": dict(service.selector)}
    made["spec"] = {**spec, "ports": ports, "type": "LoadBalancer" if service.balanced else "ClusterIP"}
    made["status"] = {"loadBalancer": {}}
    if service.balanced:
        # With Local the pod sees the client's own address; with Cluster it would see the node's.
        made["spec"]["externalTrafficPolicy"] = "Local"
        made["status"] = {"loadBalancer": {"ingress": [{"ip": str(BALANCER_ADDRESS), "ipMode": "VIP"}]}}
    return made


def _slice(service: Service, forwards: Iterable[Forward], pods: Iterable[Pod], created: str) -> Object:
    labels = {"kubernetes.io/service-name": service.name}
    more = {"labels": labels, **_owner("Service", service.namespace, service.name)}
    made = _object("EndpointSlice", service.namespace, f"{service.name}-1", created, more)
    ports = {one.port.name: next(end.port for end in one.backends) for one in forwards}
    chosen = {end.address for one in forwards for end in one.backends}
    made["addressType"] = "IPv4"
    made["endpoints"] = [_endpoint(pod) for pod in pods if pod.address in chosen]
    made["ports"] = [{"name": name, "port": port, "protocol": "TCP"} for name, port in ports.items()]
    return made


def _endpoint(pod: Pod) -> Object:
    target = {"kind": "Pod", "namespace": pod.deployment.namespace, "name": pod.name, "uid": pod.uid}
    return {
        "addresses": [str(pod.address)],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "nodeName": NODE,
        "targetRef": target,
    }
