"""From a drain to batches: a pure function of what was drained, what came before, and what was lost."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from collector.drain import Drained
from collector.layout import IGNORED, LOST, Counter, decode
from schemas.codec import BadRecord
from schemas.records import Connection, ConnectionBatch, Connections, Millis, counts_of

_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Boot:
    """One start of a collector.

    Attributes:
        cluster: The cluster's name.
        node: The node's name.
        boot_id: Never used by another start.
        batch_rows: Edges in one batch at most.
    """

    cluster: str
    node: str
    boot_id: str
    batch_rows: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the boot stands between two drains.

    Attributes:
        interval_start: Where the next interval begins.
        sequence: The next batch's number.
        bad_records: Rows so far that were no edges.
    """

    interval_start: Millis
    sequence: int = 0
    bad_records: int = 0


def batches_of(
    boot: Boot, progress: Progress, drained: Drained, losses: Mapping[str, int]
) -> tuple[tuple[ConnectionBatch, ...], Progress]:
    """The batches of one drain, at least one, and where the boot stands after them.

    Args:
        boot: Whose batches they are.
        progress: Where the boot stood.
        drained: What the kernel counted.
        losses: What later stages lost, by stage, since the boot.
    """
    connections, bad = _decoded(drained)
    end = drained.utc_ns // _NS_PER_MS
    ledger = {**losses, **_counters(drained, LOST), "bad_record": progress.bad_records + bad}
    template = ConnectionBatch(
        cluster=boot.cluster,
        node=boot.node,
        boot_id=boot.boot_id,
        sequence=progress.sequence,
        interval_start=min(progress.interval_start, end),  # the clock may have been set back
        interval_end=end,
        losses=counts_of(ledger),
        ignored=counts_of(_counters(drained, IGNORED)),
    )
    batches = tuple(split(template, connections, boot.batch_rows))
    return batches, Progress(end, progress.sequence + len(batches), progress.bad_records + bad)


def split(template: ConnectionBatch, connections: tuple[Connection, ...], rows: int) -> Iterator[ConnectionBatch]:
    """Batches like the template with so many rows at most, numbered on; one without rows if there are none."""
    for number, start in enumerate(range(0, max(len(connections), 1), rows)):
        columns = Connections.of(connections[start : start + rows], template.interval_start)
        yield replace(template, sequence=template.sequence + number, connections=columns)


def _decoded(drained: Drained) -> tuple[tuple[Connection, ...], int]:
    offset = drained.utc_ns - drained.boot_ns
    connections, bad = [], 0
    for key, value in sorted(drained.rows):  # neighbours share their address, which compresses well
        try:
            connections.append(decode(key, value, offset))
        except BadRecord:
            bad += 1
    return tuple(connections), bad


def _counters(drained: Drained, wanted: Iterable[Counter]) -> dict[str, int]:
    return {counter.name.lower(): drained.counters[counter] for counter in wanted}
