"""How `synthesize` is set up."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from schemas.kafka import KafkaSettings
from schemas.limits import DAY_S, not_negative
from synthesizer.options import Options

LONGEST_GRACE_S: Final = 30 * DAY_S
"""Windows are kept for so long: a suggestion without any is older than what it could be made from."""


@dataclass(frozen=True, slots=True)
class SynthesizerSettings:
    """Settings of the synthesizer.

    Attributes:
        kafka: How to reach Kafka.
        output: Directory for `<namespace>/<policy>.yaml`; None for the topic alone.
        options: How evidence becomes rules.
        group: Consumer group; the cluster's name is added, for each cluster has its own.
        worker_id: This member's own name, for static membership: after a crash its partitions wait for it. Empty: none,
            and after a crash the others take over within ten seconds.
        gone_after_s: How long a workload must be gone before its suggestion is taken back; None: it is kept.
        batch: Windows folded together at most, before their workloads' suggestions are made.
        cycle_s: Seconds that such a batch may take to gather: a workload's suggestion changes no more often.
    """

    kafka: KafkaSettings
    output: Path | None = None
    options: Options = field(default_factory=Options)
    group: str = "netpol-synthesizer"
    worker_id: str = ""
    gone_after_s: float | None = 3600.0
    batch: int = 1000
    cycle_s: float = 0.5

    def __post_init__(self) -> None:
        """Raises UsageError for a grace period that is none."""
        if self.gone_after_s is not None:
            not_negative(LONGEST_GRACE_S, gone_after=self.gone_after_s)

    @property
    def consumer_group(self) -> str:
        """The group's full name."""
        return f"{self.kafka.topic_prefix}{self.group}.{self.kafka.cluster}"

    @property
    def membership(self) -> dict[str, str | int]:
        """How the consumer takes part in the group."""
        name = {"group_instance_id": self.worker_id} if self.worker_id else {}
        return {"session_timeout_ms": 10_000, "heartbeat_interval_ms": 3_000, **name}
