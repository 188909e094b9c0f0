"""The kinds that are followed, and where the API server has them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

JSON: Final = "application/json"
_METADATA: Final = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"
"""Metadata alone (kubernetes.io/docs/reference/using-api/api-concepts, "Metadata-only fetches")."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object.

    Attributes:
        name: As in `kind`.
        group: Its API group, empty for the core.
        plural: As in the path, and in a role.
        namespaced: Whether its objects belong to namespaces.
        metadata_only: Ask for the metadata alone.
        optional: A server may lack it, an older one or one without the feature.
    """

    name: str
    group: str
    plural: str
    namespaced: bool = True
    metadata_only: bool = False
    optional: bool = False

    @property
    def resource(self) -> str:
        """As errors and `kubectl` write it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


@dataclass(frozen=True, slots=True)
class Scope:
    """What one watch shows: a kind, everywhere or in one namespace.

    Attributes:
        kind: The kind.
        namespace: Empty for everywhere.
    """

    kind: Kind
    namespace: str = ""

    @property
    def path(self) -> str:
        """Of the collection, at the server."""
        root = f"/apis/{self.kind.group}/v1" if self.kind.group else "/api/v1"
        return (
            f"{root}/namespaces/{self.namespace}/{self.kind.plural}" if self.namespace else f"{root}/{self.kind.plural}"
        )

    @property
    def list_type(self) -> str:
        """The media type to ask for when listing."""
        return _METADATA.format("List") if self.kind.metadata_only else JSON

    @property
    def event_type(self) -> str:
        """The media type to ask for when watching."""
        return _METADATA.format("") if self.kind.metadata_only else JSON

    def __str__(self) -> str:
        return f"{self.kind.resource} in {self.namespace}" if self.namespace else self.kind.resource


SERVICE_CIDR: Final = Kind("ServiceCIDR", "networking.k8s.io", "servicecidrs", namespaced=False, optional=True)
KINDS: Final = (
    Kind("Node", "", "nodes", namespaced=False),
    Kind("Namespace", "", "namespaces", namespaced=False),
    SERVICE_CIDR,
    Kind("Deployment", "apps", "deployments"),
    Kind("StatefulSet", "apps", "statefulsets"),
    Kind("DaemonSet", "apps", "daemonsets"),
    Kind("ReplicaSet", "apps", "replicasets", metadata_only=True),
    Kind("CronJob", "batch", "cronjobs"),
    Kind("Job", "batch", "jobs"),
    Kind("Service", "", "services"),
    Kind("EndpointSlice", "discovery.k8s.io", "endpointslices"),
    Kind("NetworkPolicy", "networking.k8s.io", "networkpolicies"),
    Kind("Pod", "", "pods"),
)


def scopes(namespaces: Iterable[str] = ()) -> tuple[Scope, ...]:
    """What to watch: everything, or of these namespaces all that a namespaced Role can allow."""
    within = tuple(dict.fromkeys(namespaces))
    if not within:
        return tuple(Scope(kind) for kind in KINDS)
    return tuple(Scope(kind, namespace) for kind in KINDS if kind.namespaced for namespace in within)
