"""Event-time windows of the workloads of one partition of one cluster: `Windows`, without I/O and without a clock.

    event time    0         W        2W        3W
                  |---------|---------|---------|
                       e at last_seen goes here
                                      ^ watermark = newest interval_end - lateness: every window before it is final

An edge is put into the window of its last_seen. A late edge makes a newer revision of its window, which stays final.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.records import BatchSource, Millis, WorkloadEdges, WorkloadRef, WorkloadWindow
from streams.ledger import Defect, Ledger, News
from streams.open_window import OpenWindow
from streams.unpack import Row, unpack

NEVER: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """How windows are cut and kept, all in milliseconds.

    Attributes:
        length: Of a window; starts are multiples of it.
        lateness: How far event time must pass a window's end before it is final.
        retention: How long a final window is kept for late edges.
    """

    length: Millis
    lateness: Millis = 30_000
    retention: Millis = 900_000


class Windows:
    """State from which the windows follow; rebuilt from what was emitted by `restore`.

    Attributes:
        moved: Connections that came later than any window is kept, counted in the oldest one.
    """

    def __init__(self, cluster: str, spec: WindowSpec) -> None:
        self._cluster = cluster
        self._spec = spec
        self._ledger = Ledger()
        self._newest: Millis = -NEVER
        self._windows: dict[Millis, dict[WorkloadRef, OpenWindow]] = {}
        self._reasons: dict[Millis, set[str]] = {}
        self.moved = 0

    @property
    def watermark(self) -> Millis:
        """Windows that end no later are final."""
        return self._newest - self._spec.lateness

    def __len__(self) -> int:
        """How many windows are kept."""
        return sum(map(len, self._windows.values()))

    @property
    def edges(self) -> int:
        """How many edges these hold."""
        return sum(len(window.edges) for kept in self._windows.values() for window in kept.values())

    def restore(self, windows: Iterable[WorkloadWindow]) -> None:
        """Go on from windows that were emitted; of each, the latest revision counts. Before the first `apply`."""
        for window in windows:
            kept = self._windows.setdefault(window.start, {})
            known = kept.get(window.workload.ref)
            if known is None or known.revision <= window.revision:
                kept[window.workload.ref] = OpenWindow.of(window)
            if window.final:
                self._newest = max(self._newest, window.end + self._spec.lateness)
            for source in window.sources:
                self._ledger.restore(source)
            self._reasons.setdefault(window.start, set()).update(window.incomplete_because)

    def apply(self, record: WorkloadEdges) -> None:
        """Merge a record; raises ValueError or IndexError if its columns disagree, having changed nothing."""
        rows = unpack(record)
        news = [self._hear(source) for source in record.sources]
        accepted: dict[tuple[int, int], bool] = {}
        for row in rows:
            source = record.sources[row.source]
            if news[row.source].repeated:
                continue
            window = self._window(record, row)
            key = (id(window), row.source)
            if key not in accepted:
                accepted[key] = window.accept(source, news[row.source].missing)
            if accepted[key]:
                window.add(record.workloads[row.workload], row.key, row.seen)

    def changed(self) -> tuple[WorkloadWindow, ...]:
        """Every window that differs from its last emission, as its next revision; old ones are then forgotten."""
        emitted: list[WorkloadWindow] = []
        for start in sorted(self._windows):
            kept = self._windows[start]
            for ref in sorted(kept):
                window = kept[ref]
                if not window.final and window.end <= self.watermark:
                    window.final = window.dirty = True
                if window.dirty:
                    emitted.append(window.emit(self._cluster, self._reasons.get(start, ())))
        self._evict()
        return tuple(emitted)

    def finish(self) -> tuple[WorkloadWindow, ...]:
        """The input is over: every window is final."""
        self._newest = NEVER
        return self.changed()

    def _hear(self, source: BatchSource) -> News:
        news = self._ledger.hear(source)
        self._newest = max(self._newest, source.interval_end)
        for defect in news.defects:
            self._mark(defect)
        return news

    def _mark(self, defect: Defect) -> None:
        """A defect concerns every window of its time: nobody knows whose connections were lost."""
        start = max(self._start(defect.start), self._oldest())
        while start < max(defect.end, defect.start + 1):
            reasons = self._reasons.setdefault(start, set())
            if defect.reason not in reasons:
                reasons.add(defect.reason)
                for window in self._windows.get(start, {}).values():
                    window.dirty = True
            start += self._spec.length

    def _window(self, record: WorkloadEdges, row: Row) -> OpenWindow:
        start = self._start(row.seen.last_seen)
        if start < self._oldest():
            start = self._oldest()
            self.moved += row.seen.count
        workload = record.workloads[row.workload]
        kept = self._windows.setdefault(start, {})
        window = kept.get(workload.ref)
        if window is None:
            window = kept[workload.ref] = OpenWindow(workload, start, start + self._spec.length)
        return window

    def _start(self, time: Millis) -> Millis:
        return time - time % self._spec.length

    def _oldest(self) -> Millis:
        """The oldest window that is kept; a defect's time is bounded by it as well."""
        return self._start(max(self.watermark - self._spec.retention, 0))

    def _evict(self) -> None:
        oldest = self._oldest()
        for start in [start for start in {*self._windows, *self._reasons} if start < oldest]:
            self._windows.pop(start, None)
            self._reasons.pop(start, None)
        self._ledger.forget(oldest)
