"""Who is at either end of an edge: a workload, and the closed union `Peer`."""

from dataclasses import dataclass
from typing import TypeAlias

from schemas.records.types import Labels


@dataclass(frozen=True, slots=True, order=True)
class WorkloadRef:
    """A workload's identity within a cluster.

    Attributes:
        namespace: The namespace.
        kind: Deployment, StatefulSet, DaemonSet, CronJob, Job, ReplicaSet or Pod.
        name: The name of the top-most built-in controller, or of a bare pod.
    """

    namespace: str
    kind: str
    name: str

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.namespace}/{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload with what a policy needs to select it.

    Attributes:
        namespace: The namespace.
        kind: Deployment, StatefulSet, DaemonSet, CronJob, Job, ReplicaSet or Pod.
        name: The name of the top-most built-in controller, or of a bare pod.
        selector: Labels that select exactly its pods; empty if there are none, and then no policy can be written.
        host_network: Its pods use the node's network, where policies have no effect.
    """

    namespace: str
    kind: str
    name: str
    selector: Labels = ()
    host_network: bool = False

    def __hash__(self) -> int:
        """Cheap: workloads of one name are rarely told apart by the rest."""
        return hash((self.namespace, self.name))

    @property
    def ref(self) -> WorkloadRef:
        """The identity alone."""
        return WorkloadRef(self.namespace, self.kind, self.name)


@dataclass(frozen=True, slots=True)
class WorkloadPeer:
    """Another workload of the cluster, or the subject's own other pods.

    Attributes:
        workload: The workload.
    """

    workload: Workload


@dataclass(frozen=True, slots=True)
class ExternalPeer:
    """An address outside the cluster.

    Attributes:
        address: As text.
        bits: In evidence of too many addresses, the leading bits that are told apart: all addresses that share them
            are one edge, and `address` is one of them. 0 for the address alone.
    """

    address: str
    bits: int = 0


@dataclass(frozen=True, slots=True)
class NodePeer:
    """A node of the cluster: kubelet, host-network pods, masqueraded clients.

    Attributes:
        address: As text.
        node: The node's name, empty if unknown.
        own: The pod at the other end ran on this very node; Kubernetes always allows it in.
    """

    address: str
    node: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class ApiServerPeer:
    """The Kubernetes API server.

    Attributes:
        address: Of the endpoint, as text.
    """

    address: str


@dataclass(frozen=True, slots=True)
class UnresolvedPeer:
    """An address inside the cluster's ranges that nobody was known to hold at that moment.

    Attributes:
        address: As text.
        reason: Why it could not be resolved, one word (no_lease, no_endpoints, after_inventory, ...).
    """

    address: str
    reason: str = ""


Peer: TypeAlias = WorkloadPeer | ExternalPeer | NodePeer | ApiServerPeer | UnresolvedPeer


@dataclass(frozen=True, slots=True, order=True)
class ServiceRef:
    """The Service through which a client reached its server.

    Attributes:
        namespace: The Service's namespace.
        name: The Service's name.
        port: The Service's port, before translation.
    """

    namespace: str
    name: str
    port: int
