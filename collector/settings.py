"""What can be set: the collector's and the replay's options."""

import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from collector.features import Feature
from collector.probe import MapSizes
from collector.spool import Keep, SpoolLimits
from schemas.errors import UsageError
from schemas.kafka import KafkaSettings
from schemas.limits import DAY_S, SHORTEST_S, at_least, not_negative, positive
from schemas.listening import Address

MIB: Final = 1024 * 1024
_SHORTEST_LIVE_S: Final = 0.05
"""Drains and scans cost the node processor time; with a tenth of a second between them already some per cent."""
_LEAST_MIB: Final = 0.001
_MOST_ENTRIES: Final = 2**24
"""Of a kernel map: beyond it a preallocated map takes gigabytes of the node's memory."""
MOST_ROWS: Final = 50_000
"""A record of so many edges is below the largest that the topics take, even if they have nothing in common."""
_MOST_MIB: Final = 1024.0 * 1024
"""A tebibyte: more than a node can spare for what waits, so it is a slip of the hand."""


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """The node agent.

    Attributes:
        kafka: The way to Kafka.
        node: The node's name, as Kubernetes knows it.
        interval_s: Seconds between drains; each drain is one batch, also when nothing was seen.
        cgroup: Whose sockets are watched, a directory of cgroup2; the root of the hierarchy if not given.
        map_entries: Distinct edges that one interval can hold; what does not fit is counted as the loss `map_full`.
        flow_entries: UDP flows whose beginner is remembered; one that is forgotten is counted again if it goes on.
        repeat_s: Seconds in which an edge that Kafka has is told once, and its further counts together; it should
            divide the windows of `stream`. 0 tells every count at once.
        scan_s: Seconds between two scans of the open sockets, which show connections that last.
        without: Features that are not wanted.
        batch_rows: Edges in one record at most; a larger drain is split into several sequence numbers.
        spool_mib: Memory for batches while Kafka is away, MiB; what fits nowhere is counted as the loss `spool_full`.
        spool_dir: Where batches wait that do not fit in memory, and at an end without Kafka; the next start sends them.
        spool_dir_mib: Room in that directory, MiB.
        spool_keep: Which batches stay when there is no room.
        flush_s: Seconds that the end waits for Kafka to acknowledge the last batches.
        metrics: Where /metrics, /ready and /live are served; nowhere if not given.
    """

    kafka: KafkaSettings
    node: str = field(default_factory=platform.node)
    interval_s: float = 5.0
    cgroup: Path | None = None
    map_entries: int = 65_536
    flow_entries: int = 65_536
    repeat_s: float = 30.0
    scan_s: float = 180.0
    without: frozenset[Feature] = frozenset()
    batch_rows: int = 10_000
    spool_mib: float = 64
    spool_dir: Path | None = None
    spool_dir_mib: float = 1024
    spool_keep: Keep = Keep.OLDEST
    flush_s: float = 10.0
    metrics: Address | None = None

    def __post_init__(self) -> None:
        """Raises UsageError for a setting that cannot be; what is reported less often than daily is no observation."""
        positive(DAY_S, interval=self.interval_s, scan=self.scan_s)
        positive(_MOST_ENTRIES, map_entries=self.map_entries, flow_entries=self.flow_entries)
        positive(_MOST_MIB, spool_mib=self.spool_mib, spool_dir_mib=self.spool_dir_mib)
        positive(MOST_ROWS, batch_rows=self.batch_rows)
        not_negative(DAY_S, repeat=self.repeat_s, flush=self.flush_s)
        at_least(_SHORTEST_LIVE_S, interval=self.interval_s, scan=self.scan_s)
        at_least(_LEAST_MIB, spool_mib=self.spool_mib, spool_dir_mib=self.spool_dir_mib)
        if not self.node:
            raise UsageError("the node needs a name: --node or the environment variable that the DaemonSet sets")

    @property
    def sizes(self) -> MapSizes:
        """How much the kernel's maps hold."""
        return MapSizes(edges=self.map_entries, flows=self.flow_entries)

    @property
    def spool(self) -> SpoolLimits:
        """How much may wait for Kafka, and where."""
        memory, files = round(self.spool_mib * MIB), round(self.spool_dir_mib * MIB)
        return SpoolLimits(memory, self.spool_dir, files, self.spool_keep)


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """A recorded file, published as if seen.

    Attributes:
        kafka: The way to Kafka.
        path: JSON lines in the raw form (design.md, "Recorded connections").
        interval_s: Seconds of recorded time that one batch covers.
        batch_rows: Edges in one record at most.
        spool_mib: Memory for batches that Kafka has not acknowledged; the replay waits when it is full.
        flush_s: Seconds that the end waits for Kafka to acknowledge the last batches.
    """

    kafka: KafkaSettings
    path: Path
    interval_s: float = 5.0
    batch_rows: int = 10_000
    spool_mib: float = 64
    flush_s: float = 60.0

    def __post_init__(self) -> None:
        """Raises UsageError for a setting that cannot be."""
        positive(DAY_S, interval=self.interval_s)
        positive(_MOST_MIB, spool_mib=self.spool_mib)
        positive(MOST_ROWS, batch_rows=self.batch_rows)
        not_negative(DAY_S, flush=self.flush_s)
        at_least(SHORTEST_S, interval=self.interval_s)
        at_least(_LEAST_MIB, spool_mib=self.spool_mib)
