"""What the cluster holds: slim Kubernetes objects in the compacted topic `netpol.inventory`."""

from dataclasses import dataclass
from typing import TypeAlias

from schemas.records.types import Labels, Millis, Protocol


@dataclass(frozen=True, slots=True)
class OwnerRef:
    """The controlling owner of an object.

    Attributes:
        kind: As in ownerReferences.
        name: As in ownerReferences.
        uid: As in ownerReferences.
        api_version: As in ownerReferences; tells a built-in controller from another of the same kind.
    """

    kind: str
    name: str
    uid: str = ""
    api_version: str = ""


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A declared port of a pod's container.

    Attributes:
        name: Empty if it has none.
        port: The containerPort.
        protocol: Default TCP.
        host_port: The port of the node that leads to it, 0 if none.
    """

    name: str
    port: int
    protocol: Protocol = Protocol.TCP
    host_port: int = 0


@dataclass(frozen=True, slots=True)
class PodBody:
    """A pod, as far as its network matters.

    Attributes:
        node: spec.nodeName.
        ips: All of status.podIPs, as text.
        host_network: spec.hostNetwork; such a pod does not own its address.
        phase: status.phase; Succeeded and Failed pods own no address.
        ports: Of all containers, in order of declaration.
        started: status.startTime, 0 if unknown.
        addressed: When its network was last set up, by the condition PodReadyToStartContainers; 0 if unknown. Much
            later than its start if its node began anew: the addresses are others since.
        ended: When the last container ended, for a pod in phase Succeeded or Failed; 0 otherwise.
        config_hash: Annotation kubernetes.io/config.hash of a static pod's mirror, which its control group is named
            after instead of the UID; empty for other pods.
        mesh: What redirects the pod's connections: istio or linkerd (a proxy in the pod), ambient (Istio's ztunnel),
            or empty.
    """

    node: str = ""
    ips: tuple[str, ...] = ()
    host_network: bool = False
    phase: str = ""
    ports: tuple[ContainerPort, ...] = ()
    started: Millis = 0
    ended: Millis = 0
    addressed: Millis = 0
    config_hash: str = ""
    mesh: str = ""


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service.

    Attributes:
        name: Empty if it has none.
        port: The Service's port.
        target_port: A number or a container port's name, as text.
        protocol: Default TCP.
        node_port: 0 if none.
    """

    name: str
    port: int
    target_port: str
    protocol: Protocol = Protocol.TCP
    node_port: int = 0


@dataclass(frozen=True, slots=True)
class ServiceBody:
    """A Service.

    Attributes:
        type: ClusterIP, NodePort, LoadBalancer or ExternalName.
        cluster_ips: All of spec.clusterIPs, without None.
        external_ips: spec.externalIPs.
        load_balancer_ips: Addresses of status.loadBalancer.ingress whose ipMode is not Proxy.
        selector: spec.selector; empty if it has none.
        ports: The Service's ports.
    """

    type: str = "ClusterIP"
    cluster_ips: tuple[str, ...] = ()
    external_ips: tuple[str, ...] = ()
    load_balancer_ips: tuple[str, ...] = ()
    selector: Labels = ()
    ports: tuple[ServicePort, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of a slice.

    Attributes:
        addresses: As text.
        pod_uid: targetRef.uid if it is a pod.
        pod_name: targetRef.name if it is a pod.
    """

    addresses: tuple[str, ...]
    pod_uid: str = ""
    pod_name: str = ""


@dataclass(frozen=True, slots=True)
class EndpointPort:
    """One port of a slice, already resolved to a number.

    Attributes:
        name: The Service port's name.
        port: The number on the endpoint.
        protocol: Default TCP.
    """

    name: str
    port: int
    protocol: Protocol = Protocol.TCP


@dataclass(frozen=True, slots=True)
class EndpointSliceBody:
    """An EndpointSlice.

    Attributes:
        service: The Service's name, from kubernetes.io/service-name.
        endpoints: All endpoints, ready or not.
        ports: Resolved ports; empty means all.
    """

    service: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


@dataclass(frozen=True, slots=True)
class ControllerBody:
    """A Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob.

    Attributes:
        selector: spec.selector.matchLabels; empty if the kind or the object has none.
        match_expressions: spec.selector.matchExpressions as JSON text; empty if none.
        template_labels: Labels of the pod template.
        host_network: Of the pod template.
    """

    selector: Labels = ()
    match_expressions: str = ""
    template_labels: Labels = ()
    host_network: bool = False


@dataclass(frozen=True, slots=True)
class NodeBody:
    """A node.

    Attributes:
        addresses: status.addresses that are IP addresses, and those of tunnels that the CNI notes as annotations.
        pod_cidrs: spec.podCIDRs; the first two addresses of each are the node's: flannel's tunnel, the CNI's gateway.
    """

    addresses: tuple[str, ...] = ()
    pod_cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamespaceBody:
    """A namespace; its labels are the object's."""


@dataclass(frozen=True, slots=True)
class NetworkPolicyBody:
    """A NetworkPolicy in force.

    Attributes:
        spec: The spec as JSON text.
    """

    spec: str


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What is true of the whole cluster.

    Attributes:
        pod_cidrs: Every range that pods get addresses from.
        service_cidrs: Every range that Services get addresses from.
        dns: The cluster's DNS Services as namespace/name.
    """

    pod_cidrs: tuple[str, ...] = ()
    service_cidrs: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The inventory is complete up to this moment.

    Attributes:
        time: When it was written, by the clock of `follow`.
        since: From when on all is known: what was deleted before is forgotten. 0 if that is not known.
    """

    time: Millis
    since: Millis = 0


InventoryBody: TypeAlias = (
    PodBody
    | ServiceBody
    | EndpointSliceBody
    | ControllerBody
    | NodeBody
    | NamespaceBody
    | NetworkPolicyBody
    | ClusterFacts
    | Heartbeat
)


@dataclass(frozen=True, slots=True)
class InventoryObject:
    """One Kubernetes object, slim.

    Attributes:
        cluster: The cluster's name.
        kind: Pod, Service, EndpointSlice, ...; ClusterFacts and Heartbeat for our own.
        namespace: Empty for cluster-scoped objects.
        name: metadata.name.
        body: What matters of the object, by kind.
        uid: metadata.uid.
        labels: metadata.labels.
        owner: The controlling owner, if any.
        created: metadata.creationTimestamp, 0 if unknown.
        deleted: When it was deleted; 0 while it lives. Such a closed lease is kept for a grace period, then a
            tombstone follows.
    """

    cluster: str
    kind: str
    namespace: str
    name: str
    body: InventoryBody
    uid: str = ""
    labels: Labels = ()
    owner: OwnerRef | None = None
    created: Millis = 0
    deleted: Millis = 0

    @property
    def key(self) -> str:
        """The record's key."""
        return f"{self.cluster}/{self.kind}/{self.namespace}/{self.name}"
