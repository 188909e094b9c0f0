"""What can be set of `stream`."""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from schemas.errors import UsageError
from schemas.kafka import KafkaSettings

_SHORTEST_S: Final = 0.001


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
        stages: What it does.
    """

    kafka: KafkaSettings
    window_s: float = 300.0
    lateness_s: float = 30.0
    retention_s: float = 900.0
    inventory_wait_s: float = 10.0
    worker_id: str = ""
    within_s: float = 0.2
    take: int = 50
    stages: Stages = Stages.ALL

    def __post_init__(self) -> None:
        """Raises UsageError for a setting that cannot be."""
        _positive(window=self.window_s, retention=self.retention_s, within=self.within_s, take=self.take)
        _not_negative(lateness=self.lateness_s, inventory_wait=self.inventory_wait_s)
        if self.window_s < _SHORTEST_S:
            raise UsageError(f"window must be at least {_SHORTEST_S} s, not {self.window_s}")


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise UsageError(f"{name} must be a number more than 0, not {value}")


def _not_negative(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise UsageError(f"{name.replace('_', '-')} must be a number not less than 0, not {value}")
