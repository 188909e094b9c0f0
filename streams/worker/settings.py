"""What can be set of `stream`."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from schemas.errors import UsageError
from schemas.kafka import KafkaSettings
from schemas.limits import DAY_S, HOUR_S, SHORTEST_S, at_least, not_negative, positive
from schemas.listening import Address

GROUP: Final = "netpol-stream"
"""Of the workers; the topics' prefix goes before it."""
_MOST_TAKEN: Final = 1_000
_WORKER_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
"""What Kafka takes as group.instance.id: the same as for a topic's name."""


class Stages(Enum):
    """Which stages a worker runs; all but in measurements, since the group's partitions go to any of its workers."""

    ALL = "all"
    ENRICH = "enrich"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Settings of one stream worker.

    Attributes:
        kafka: How to reach Kafka.
        window_s: Length of a window of event time, seconds; the same on all workers.
        lateness_s: A window is final once event time has passed its end by this much.
        retention_s: A final window is kept in memory for late edges this long, in event time.
        inventory_wait_s: The longest that a batch waits for the inventory to pass its end.
        worker_id: Name of this worker for static membership; empty for a member without a name.
        within_s: The longest that a new event waits for others to be taken with it.
        take: The most events taken at once.
        edges_within_s: The same for edges: a window is told once for all that were taken with it.
        edges_take: The same.
        stages: What it does.
        metrics: Where /metrics, /ready and /live are served; nowhere if not given.
    """

    kafka: KafkaSettings
    window_s: float = 300.0
    lateness_s: float = 30.0
    retention_s: float = 900.0
    inventory_wait_s: float = 10.0
    worker_id: str = ""
    within_s: float = 0.2
    take: int = 50
    edges_within_s: float = 1.0
    edges_take: int = 200
    stages: Stages = Stages.ALL
    metrics: Address | None = None

    def __post_init__(self) -> None:
        """Raises UsageError for a setting that cannot be; what is kept in memory grows with the longest of them."""
        positive(DAY_S, window=self.window_s, retention=self.retention_s)
        positive(HOUR_S, within=self.within_s, edges_within=self.edges_within_s)
        positive(_MOST_TAKEN, take=self.take, edges_take=self.edges_take)
        not_negative(DAY_S, lateness=self.lateness_s)
        not_negative(HOUR_S, inventory_wait=self.inventory_wait_s)
        at_least(SHORTEST_S, window=self.window_s)
        if self.worker_id and not _is_name(self.worker_id):
            raise UsageError(
                f"worker-id {self.worker_id}: letters, digits, '.', '_' and '-', at most 249, not '.' or '..'"
            )

    @property
    def group(self) -> str:
        """The consumer group of all workers."""
        return f"{self.kafka.topic_prefix}{GROUP}"


def _is_name(text: str) -> bool:
    return _WORKER_ID.fullmatch(text) is not None and text not in {".", ".."}
