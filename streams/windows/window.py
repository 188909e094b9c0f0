"""Event-time windows of the workloads of one partition of one cluster: `Windows`, without I/O and without a clock.

    event time    0         W        2W        3W
                  |---------|---------|---------|
                       e at last_seen goes here
                                      ^ watermark = event time - lateness: every window before it is final

How far event time has come, `streams.windows.clock` says.
An edge is put into the window of its last_seen. A late edge makes a newer revision of its window, which stays final.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.external import TOLD_APART
from schemas.records import BatchSource, Millis, Workload, WorkloadEdges, WorkloadRef, WorkloadWindow
from streams.windows.clock import NEVER, Clock
from streams.windows.columns import rows_of
from streams.windows.crowds import Crowds
from streams.windows.emission import Setting, emit
from streams.windows.fitting import LEFT_OUT
from streams.windows.incomplete import Reasons, Reported
from streams.windows.interned import Peers
from streams.windows.joins import nodes_of
from streams.windows.ledger import Ledger, News
from streams.windows.merging import Merging
from streams.windows.open_window import OpenWindow, restored

_TAKEN_OVER: Final = 1_000
"""A worker that takes a partition over counts its revisions from the next multiple on."""


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """How windows are cut and kept; times in milliseconds.

    Attributes:
        length: Of a window; starts are multiples of it.
        lateness: How far event time must pass a window's end before it is final.
        retention: How long a final window is kept for late edges.
        told_apart: External addresses of one role, protocol, port and family that are told apart at most.
    """

    length: Millis
    lateness: Millis = 30_000
    retention: Millis = 900_000
    told_apart: int = TOLD_APART

    @property
    def span(self) -> Millis:
        """How far before the newest event time the last emission of a kept window can lie."""
        return 3 * self.length + self.lateness + self.retention


class Windows:
    """State from which the windows follow; rebuilt from what was emitted, and from what was heard, by `restore`.

    Attributes:
        moved: Connections that came later than any window is kept, counted in the oldest one.
        edges: How many edges the windows hold, as of their last emissions: the worker asks every second.
    """

    def __init__(self, cluster: str, spec: WindowSpec) -> None:
        self._cluster = cluster
        self._spec = spec
        self._ledger = Ledger()
        self._clock = Clock()
        self._reasons = Reasons(spec.length, spec.span)
        self._reported = Reported(spec.length, spec.span)
        self._peers = Peers()
        self._in_use = 0
        self._watermark: Millis = -NEVER
        self._floor: Millis = 0
        self._over = False
        self._revision = 0
        self._windows: dict[Millis, dict[WorkloadRef, OpenWindow]] = {}
        self._closed: set[Millis] = set()
        self._dirty: dict[Millis, set[WorkloadRef]] = {}
        self.moved = 0
        self.edges = 0

    @property
    def watermark(self) -> Millis:
        """Windows that end no later are final."""
        return NEVER if self._over else self._watermark

    def __len__(self) -> int:
        """How many windows are kept."""
        return sum(map(len, self._windows.values()))

    def restore(self, windows: Iterable[WorkloadWindow], heard: Iterable[BatchSource] = ()) -> None:
        """Go on from where another worker was; before the first `apply`.

        Args:
            windows: What it emitted, in order: of each window, the latest revision counts.
            heard: The last batches of the records that it applied, in order: at least each node's last.
        """
        for window in windows:
            kept = self._windows.setdefault(window.start, {})
            known = kept.get(window.workload.ref)
            if known is None or known.revision <= window.revision:
                kept[window.workload.ref] = restored(window, self._peers, self._spec.told_apart)
                self.edges += kept[window.workload.ref].counted - (known.counted if known is not None else 0)
            self._reasons.restore(window.start, (one for one in window.incomplete_because if one != LEFT_OUT))
        self._begin_higher()
        for source in heard:
            self._hear(source)
        self._go_on()
        self._close()
        self._dirty.clear()
        for start, kept in self._windows.items():
            self._dirty[start] = {ref for ref, one in kept.items() if start in self._closed and not one.final}

    def apply(self, record: WorkloadEdges) -> None:
        """Merge a record; raises ValueError or IndexError if its columns disagree, having changed nothing."""
        rows = rows_of(record)
        merging = Merging(record, self._peers, self._window)
        merging.run(rows, [self._hear(source) for source in record.sources], self._spec.length)
        self.moved += merging.moved
        for window in merging.touched:
            self._mark(window.start, window.workload.ref)

    def changed(self) -> tuple[WorkloadWindow, ...]:
        """Every window that differs from its last emission, as its next revision; old ones are then forgotten."""
        self._go_on()
        self._close()
        self._join()
        dirty = sorted((start, ref) for start, refs in self._dirty.items() for ref in refs)
        self._dirty.clear()
        emitted = tuple(self._emitted(start, ref) for start, ref in dirty)
        self._evict()
        return emitted

    def finish(self) -> tuple[WorkloadWindow, ...]:
        """The input is over: every window is final."""
        self._over = True
        return self.changed()

    def _begin_higher(self) -> None:
        """Whatever a worker that has lost the partition still writes is an earlier revision than all that follow."""
        restored_windows = [one for kept in self._windows.values() for one in kept.values()]
        newest = max((one.revision for one in restored_windows), default=-1)
        self._revision = (newest // _TAKEN_OVER + 1) * _TAKEN_OVER
        for one in restored_windows:
            one.revision = self._revision

    def _hear(self, source: BatchSource) -> News:
        news = self._ledger.hear(source)
        if news.repeated:
            return news
        self._clock.hear(source.node, source.interval_end)
        for start in self._reported.add(source, self._floor):
            if start in self._closed:
                self._mark_far(start, source.node)
        for defect in news.defects:
            for start in self._reasons.add(defect, self._floor):
                self._mark_all(start)
        return news

    def _go_on(self) -> None:
        """Event time has come further, or a clock that was ahead has been set right."""
        self._watermark = self._clock.time() - self._spec.lateness
        self._floor = max(self._floor, self._start(max(self._watermark - self._spec.retention, 0)))

    def _close(self) -> None:
        """Windows that have become final, and those in which other nodes are silent than before."""
        for start in self._windows:
            if start not in self._closed and start + self._spec.length <= self.watermark:
                self._closed.add(start)
                self._mark_all(start)
        silent = tuple(self._ledger.silent(self._watermark))
        for start in self._windows:
            if self._reasons.silent(start, self._silent_in(start, silent)):
                self._mark_all(start)

    def _silent_in(self, start: Millis, silent: Iterable[tuple[str, Millis]]) -> set[str]:
        """Nodes that reported within the retention before the window, and not to its end."""
        end = start + self._spec.length
        if end > self._watermark:
            return set()
        return {node for node, until in silent if start - self._spec.retention <= until < end}

    def _join(self) -> None:
        """A window that has changed may explain what those before and after it saw."""
        for start, refs in tuple(self._dirty.items()):
            for ref in tuple(refs):
                for beside in (start - self._spec.length, start + self._spec.length):
                    window = self._windows.get(beside, {}).get(ref)
                    if window is not None and window.nodes and self._explains_otherwise(window, ref):
                        self._mark(beside, ref)

    def _explains_otherwise(self, window: OpenWindow, ref: WorkloadRef) -> bool:
        return nodes_of(window, self._around(window.start, ref), self._peers) != window.joined

    def _emitted(self, start: Millis, ref: WorkloadRef) -> WorkloadWindow:
        window = self._windows[start][ref]
        window.final = window.final or window.end <= self.watermark
        self.edges += len(window) - window.counted
        window.counted = len(window)
        setting = Setting(self._around(start, ref), self._reported[start], self._reasons.sentences(start))
        return emit(window, self._cluster, setting, self._peers)

    def _around(self, start: Millis, ref: WorkloadRef) -> tuple[OpenWindow, ...]:
        starts = (start - self._spec.length, start, start + self._spec.length)
        found = (self._windows.get(one, {}).get(ref) for one in starts)
        return tuple(window for window in found if window is not None)

    def _window(self, workload: Workload, ref: WorkloadRef, start: Millis) -> OpenWindow:
        start = max(start, self._floor)
        kept = self._windows.setdefault(start, {})
        window = kept.get(ref)
        if window is None:
            crowds = Crowds(self._spec.told_apart)
            window = kept[ref] = OpenWindow(workload, start, start + self._spec.length, crowds, self._revision)
        return window

    def _start(self, time: Millis) -> Millis:
        return time - time % self._spec.length

    def _mark(self, start: Millis, ref: WorkloadRef) -> None:
        self._dirty.setdefault(start, set()).add(ref)

    def _mark_all(self, start: Millis) -> None:
        if start in self._windows:
            self._dirty.setdefault(start, set()).update(self._windows[start])

    def _mark_far(self, start: Millis, node: str) -> None:
        """A node that reports of a final window after all may contradict what was seen from the other end only."""
        for ref, window in self._windows.get(start, {}).items():
            if any(node in total.far for total in window.edges.values()):
                self._mark(start, ref)

    def _evict(self) -> None:
        """Late edges go to the oldest window that is kept; the one before it still explains some of what it saw."""
        oldest = self._floor - self._spec.length
        for start in [start for start in self._windows if start < oldest]:
            self.edges -= sum(window.counted for window in self._windows.pop(start).values())
            self._closed.discard(start)
        self._reasons.forget(oldest)
        self._reported.forget(oldest)
        self._ledger.forget(oldest - self._spec.retention - self._spec.length)
        if self._peers.crowded(self._in_use):
            self._peers.keep(key for kept in self._windows.values() for one in kept.values() for key in one.edges)
            self._in_use = len(self._peers)
