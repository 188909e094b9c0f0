"""What can be set of `follow`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.kafka import KafkaSettings
from schemas.limits import not_negative, positive
from schemas.listening import Address

LEASE_NAME: Final = "network-policy-follow"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Which API server to watch, and what of it.

    Attributes:
        kubeconfig: A file; empty for kubectl's own, or the service account within a cluster.
        context: Of the kubeconfig; empty for the current one.
        namespaces: Watch only what namespaced Roles allow, in these; empty for the whole cluster.
        lease: Namespace and name of the Lease; the namespace empty for that of our pod. None to run without.
        settle_s: What happened so long ago has arrived, if the watches are open since then, seconds.
        other_cluster: What is published may be of another cluster of the same name, which is no more.
    """

    kubeconfig: str = ""
    context: str = ""
    namespaces: tuple[str, ...] = ()
    lease: tuple[str, str] | None = ("", LEASE_NAME)
    settle_s: float = 1.0
    other_cluster: bool = False


@dataclass(frozen=True, slots=True)
class FollowSettings:
    """Settings of the watcher of the inventory.

    Attributes:
        kafka: How to reach Kafka.
        objects: Files of Kubernetes objects to publish; without any, an API server is watched.
        heartbeat_s: Time between two heartbeats, seconds.
        grace_s: How long what is gone is kept as a closed lease before its tombstone, seconds.
        once: Publish, write one heartbeat and end.
        server: Which API server.
        metrics: Where to serve /metrics, /ready and /live; None for nowhere.
    """

    kafka: KafkaSettings
    objects: tuple[Path, ...] = ()
    heartbeat_s: float = 1.0
    grace_s: float = 3600.0
    once: bool = False
    server: ServerSettings = ServerSettings()
    metrics: Address | None = None

    def __post_init__(self) -> None:
        """Raises UsageError for a setting that cannot be."""
        positive(heartbeat=self.heartbeat_s)
        not_negative(grace=self.grace_s, settle=self.server.settle_s)
