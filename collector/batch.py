"""From a drain to batches: a pure function of what was drained, what came before, and what was lost."""

from collections import Counter as Sums
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, TypeVar

from collector.columns import PodUid, columns_of, sound
from collector.drain import Drained
from collector.layout import IGNORED, LOST, NS_PER_MS, Counter
from schemas.records import ConnectionBatch, Connections, Counts, Millis, counts_of

T = TypeVar("T")

CLOCK_STEP_NS: Final = 1_000_000_000
"""What the wall clock may gain or lose on the boot clock between two drains without being called set.

The kernel slews by 500 ppm at most (adjtimex(2)): 2.5 ms in a drain of five seconds. A second is far more than that,
and far less than a window's length or lateness, so what is not called a step misleads nobody.
"""


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
        clock_steps: How often the wall clock was set so far.
        boot_to_utc_ns: What led from the boot clock to UTC at the last drain; None before the first.
    """

    interval_start: Millis
    sequence: int = 0
    bad_records: int = 0
    clock_steps: int = 0
    boot_to_utc_ns: int | None = None


def merged(*sources: Mapping[str, int]) -> dict[str, int]:
    """Losses of several sources as one ledger; a stage that several name is their sum."""
    total: Sums[str] = Sums()
    for source in sources:
        total.update(source)
    return dict(total)


def no_pod(_netns_cookie: int, _cgroup_id: int) -> str:
    """The pod's UID where nobody knows pods."""
    return ""


def batches_of(
    boot: Boot, progress: Progress, drained: Drained, losses: Mapping[str, int], pod_uid: PodUid = no_pod
) -> tuple[tuple[ConnectionBatch, ...], Progress]:
    """The batches of one drain, at least one, and where the boot stands after them.

    Intervals adjoin and never end before they begin: while the wall clock is behind the last interval's end, because
    it was set back, they are empty. Rows carry the time of the clock as it is now.

    Args:
        boot: Whose batches they are.
        progress: Where the boot stood.
        drained: What the kernel counted.
        losses: What other stages lost, by stage, since the boot; see `merged`.
        pod_uid: Whose socket it was; asked once for each network namespace and cgroup.
    """
    rows, bad = sound(drained.rows)
    after = _after(progress, drained, len(bad))
    own = {"bad_record": after.bad_records, "clock_step": after.clock_steps}
    ignored, ledger = _counters(drained, IGNORED), merged(losses, _counters(drained, LOST), own)
    template = _template(boot, progress, after.interval_start, counts_of(ledger), counts_of(ignored))
    ordered = sorted(rows)  # neighbours share their address, which compresses well
    offset, uid = drained.utc_ns - drained.boot_ns, cache(pod_uid)
    parts = (columns_of(part, offset, template.interval_start, uid) for part in chunks(ordered, boot.batch_rows))
    batches = tuple(numbered(template, parts))
    return batches, replace(after, sequence=progress.sequence + len(batches))


def _after(progress: Progress, drained: Drained, bad: int) -> Progress:
    """Where the boot stands, but for the batches' numbers."""
    offset = drained.utc_ns - drained.boot_ns
    known = offset if progress.boot_to_utc_ns is None else progress.boot_to_utc_ns
    return replace(
        progress,
        interval_start=max(progress.interval_start, drained.utc_ns // NS_PER_MS),
        bad_records=progress.bad_records + bad,
        clock_steps=progress.clock_steps + (abs(offset - known) > CLOCK_STEP_NS),
        boot_to_utc_ns=offset,
    )


def _template(boot: Boot, progress: Progress, end: Millis, losses: Counts, ignored: Counts) -> ConnectionBatch:
    return ConnectionBatch(
        cluster=boot.cluster,
        node=boot.node,
        boot_id=boot.boot_id,
        sequence=progress.sequence,
        interval_start=progress.interval_start,
        interval_end=end,
        losses=losses,
        ignored=ignored,
    )


def chunks(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The rows in parts of so many at most; one empty part if there are none."""
    return (rows[start : start + size] for start in range(0, max(len(rows), 1), size))


def numbered(template: ConnectionBatch, parts: Iterable[Connections]) -> Iterator[ConnectionBatch]:
    """Batches like the template, one for each part, numbered on."""
    for number, columns in enumerate(parts):
        yield replace(template, sequence=template.sequence + number, connections=columns)


def _counters(drained: Drained, wanted: Iterable[Counter]) -> dict[str, int]:
    return {counter.name.lower(): drained.counters[counter] for counter in wanted}
