"""One frozen dataclass per record of a topic, in the order of a connection's way.

A docstring's `Attributes` become the `doc` of the Avro fields; times are milliseconds of UTC since 1970 (`Millis`).
No record holds a reference to a library object, and none changes after it is made.
"""

from schemas.records.connections import Connection, ConnectionBatch, Connections
from schemas.records.deadletter import DeadLetter
from schemas.records.edges import BatchSource, EdgeColumns, WorkloadEdges
from schemas.records.inventory import (
    ClusterFacts,
    ContainerPort,
    ControllerBody,
    Endpoint,
    EndpointPort,
    EndpointSliceBody,
    Heartbeat,
    InventoryBody,
    InventoryObject,
    NamespaceBody,
    NetworkPolicyBody,
    NodeBody,
    OwnerRef,
    PodBody,
    ServiceBody,
    ServicePort,
)
from schemas.records.suggestions import (
    Coverage,
    EdgeEvidence,
    PolicySuggestion,
    PolicyViolation,
    Proof,
    Verdict,
    WindowCount,
)
from schemas.records.types import (
    Basis,
    Counts,
    Labels,
    Millis,
    Protocol,
    Role,
    counts_of,
    labels_of,
    now_ms,
)
from schemas.records.windows import Edge, ExternalCrowd, Told, WindowSource, WorkloadWindow
from schemas.records.workloads import (
    ApiServerPeer,
    ExternalPeer,
    NodePeer,
    Peer,
    ServiceRef,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
    WorkloadRef,
)

__all__ = [
    "ApiServerPeer", "Basis", "BatchSource", "ClusterFacts", "Connection", "ConnectionBatch", "Connections",
    "ContainerPort", "ControllerBody", "Counts", "Coverage", "DeadLetter", "Edge", "EdgeColumns", "EdgeEvidence",
    "Endpoint", "EndpointPort", "EndpointSliceBody", "ExternalCrowd", "ExternalPeer", "Heartbeat", "InventoryBody",
    "InventoryObject", "Labels", "Millis", "NamespaceBody", "NetworkPolicyBody", "NodeBody", "NodePeer", "OwnerRef",
    "Peer", "PodBody", "PolicySuggestion", "PolicyViolation", "Proof", "Protocol", "Role", "ServiceBody",
    "ServicePort", "ServiceRef", "Told", "UnresolvedPeer", "Verdict", "WindowCount", "WindowSource", "Workload",
    "WorkloadEdges", "WorkloadPeer", "WorkloadRef", "WorkloadWindow", "counts_of", "labels_of", "now_ms",
]  # fmt: skip
