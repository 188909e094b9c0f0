"""The table of topics: name, record, key, cleanup.

Everything that creates, checks or documents topics reads it.
"""

from dataclasses import dataclass
from typing import Final
from zlib import crc32

from schemas.records import (
    ConnectionBatch,
    DeadLetter,
    InventoryObject,
    PolicySuggestion,
    PolicyViolation,
    WorkloadEdges,
    WorkloadRef,
    WorkloadWindow,
)

_HOUR = 3_600_000
_DAY = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    Attributes:
        name: Without the prefix that a deployment may put before it.
        record: The record type of its values; None for `netpol.schemas`, whose values are schema texts.
        key: What the key is, in words.
        compacted: Keeps the latest value per key; otherwise values are deleted after `retention_ms`.
        retention_ms: Milliseconds; 0 for compacted topics.
        by_workload: Partitioned by `partition_of`; such topics have equal partition counts.
        reading: What its readers must know of repetitions, in words.
    """

    name: str
    record: type | None
    key: str
    compacted: bool = False
    retention_ms: int = 0
    by_workload: bool = False
    reading: str = ""

    @property
    def config(self) -> dict[str, str]:
        """Kafka's settings for it."""
        if self.compacted:
            return {"cleanup.policy": "compact", "max.message.bytes": str(MAX_RECORD_BYTES)}
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(MAX_RECORD_BYTES),
        }


MAX_RECORD_BYTES: Final = 8 * 1024 * 1024
"""The largest record that any of our topics takes, compressed."""
MOST_VALUE_BYTES: Final = MAX_RECORD_BYTES - 65_536
"""The largest value that a writer makes, before compression, as clients count it; the rest is for key and frame."""

CONNECTIONS: Final = Topic("netpol.connections", ConnectionBatch, "cluster/node", retention_ms=_DAY)
INVENTORY: Final = Topic("netpol.inventory", InventoryObject, "cluster/kind/namespace/name", compacted=True)
WORKLOAD_EDGES: Final = Topic("netpol.workload-edges", WorkloadEdges, "none", retention_ms=_DAY, by_workload=True)
WORKLOAD_WINDOWS: Final = Topic(
    "netpol.workload-windows",
    WorkloadWindow,
    "cluster/namespace/kind/name",
    retention_ms=30 * _DAY,
    by_workload=True,
)
POLICY_SUGGESTIONS: Final = Topic(
    "netpol.policy-suggestions",
    PolicySuggestion,
    "cluster/namespace/kind/name",
    compacted=True,
    by_workload=True,
    reading="a tombstone says that the workload is gone for good; a later record that it is back, with new evidence.",
)
POLICY_VIOLATIONS: Final = Topic(
    "netpol.policy-violations",
    PolicyViolation,
    "cluster/namespace/kind/name",
    retention_ms=30 * _DAY,
    by_workload=True,
    reading=(
        "written at least once: records of one key and one `identity` are of one edge in one window. Of these the "
        "highest `revision` stands, of equal ones the last. Both verdicts `allowed`: the violation was taken back. A "
        "final window writes its violations as they are in the end: after any restart or repetition the same stand."
    ),
)
DEAD_LETTERS: Final = Topic("netpol.dead-letters", DeadLetter, "original key", retention_ms=30 * _DAY)
SCHEMAS: Final = Topic("netpol.schemas", None, "fingerprint", compacted=True)

TOPICS: Final = (
    CONNECTIONS,
    INVENTORY,
    WORKLOAD_EDGES,
    WORKLOAD_WINDOWS,
    POLICY_SUGGESTIONS,
    POLICY_VIOLATIONS,
    DEAD_LETTERS,
    SCHEMAS,
)
RECORDS: Final = tuple(topic.record for topic in TOPICS if topic.record is not None)


def partition_of(cluster: str, workload: WorkloadRef, partitions: int) -> int:
    """The partition of a workload in every topic that is `by_workload`.

    The kind is left out, so that workloads whose policies could claim one name meet in one partition.
    """
    return crc32(f"{cluster}/{workload.namespace}/{workload.name}".encode()) % partitions
