"""Windows that were written lately: who reported, and what was lost. Suggestions keep counts of these, no names."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from advisor.suggestions.topic import Progress, no_progress, records_of
from schemas.codec import BadRecord
from schemas.dead_letters import RawRecord
from schemas.framing import Reader
from schemas.kafka import KafkaSettings
from schemas.records import Millis, WorkloadRef, WorkloadWindow
from schemas.schema_store import SchemaStore
from schemas.topics import WORKLOAD_WINDOWS, partition_of

_KEY_PARTS: Final = 4


@dataclass(frozen=True, slots=True)
class Recent:
    """Windows by workload.

    Attributes:
        windows: The newest revision of each window, in the order of their starts.
        unreadable: Records that are no window.
    """

    windows: Mapping[WorkloadRef, tuple[WorkloadWindow, ...]] = field(default_factory=dict)
    unreadable: int = 0

    def of(self, ref: WorkloadRef) -> tuple[WorkloadWindow, ...]:
        """The workload's windows."""
        return self.windows.get(ref, ())


def recent_of(
    records: Iterable[RawRecord],
    cluster: str,
    read: Callable[[bytes], WorkloadWindow],
    wanted: Callable[[WorkloadRef], bool],
) -> Recent:
    """The newest revision of each window of the wanted workloads; others are not decoded."""
    newest: dict[WorkloadRef, dict[Millis, WorkloadWindow]] = defaultdict(dict)
    unreadable = 0
    for record in records:
        ref = _ref_of(record, cluster)
        if ref is None or not wanted(ref):
            continue
        try:
            window = read(record.value or b"")
        except BadRecord:
            unreadable += 1
            continue
        known = newest[ref].get(window.start)
        if known is None or window.revision >= known.revision:
            newest[ref][window.start] = window
    ordered = {ref: tuple(found[start] for start in sorted(found)) for ref, found in newest.items()}
    return Recent(ordered, unreadable)


def read_recent(
    kafka: KafkaSettings,
    since: Millis,
    wanted: Callable[[WorkloadRef], bool],
    only: WorkloadRef | None = None,
    progress: Progress = no_progress,
) -> Recent:
    """The windows written since that time, as of the start of reading.

    Args:
        kafka: How to reach Kafka.
        since: By Kafka's time of the records.
        wanted: Whose windows.
        only: The one workload that is wanted, if it is one: then only its partition is read.
        progress: Told how far it is.

    Raises:
        BrokerUnavailable: No broker answers.
        TopicMissing: The topic does not exist.
        Unavailable: It does not come to its end, or a writer's schema cannot be looked up.
    """
    read = Reader(WorkloadWindow, SchemaStore(kafka))

    def partitions(count: int) -> Iterable[int]:
        return range(count) if only is None else [partition_of(kafka.cluster, only, count)]

    found = records_of(kafka, WORKLOAD_WINDOWS, progress, since, partitions)
    return recent_of(found, kafka.cluster, read, wanted)


def _ref_of(record: RawRecord, cluster: str) -> WorkloadRef | None:
    parts = (record.key or b"").decode(errors="replace").split("/")
    if len(parts) != _KEY_PARTS or parts[0] != cluster:
        return None
    return WorkloadRef(*parts[1:])
