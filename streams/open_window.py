"""One workload's window while it may still change."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.records import BatchSource, Millis, WindowSource, Workload, WorkloadWindow
from streams.edge_sum import EdgeSum, Sighting
from streams.ledger import Boot
from streams.order import EdgeKey, key_of, order_of, workload_order


@dataclass(slots=True)
class OpenWindow:
    """Edges and sources; `dirty` means that it differs from what was emitted last."""

    workload: Workload
    start: Millis
    end: Millis
    revision: int = 0
    final: bool = False
    dirty: bool = True
    newest: Millis = 0
    edges: dict[EdgeKey, EdgeSum] = field(default_factory=dict)
    sources: dict[Boot, WindowSource] = field(default_factory=dict)

    @classmethod
    def of(cls, window: WorkloadWindow) -> "OpenWindow":
        """The state that an emitted window stands for."""
        return cls(
            window.workload,
            window.start,
            window.end,
            window.revision,
            window.final,
            dirty=False,
            newest=max((edge.last_seen for edge in window.edges), default=0),
            edges={key_of(edge): EdgeSum.of(edge) for edge in window.edges},
            sources={Boot(source.node, source.boot_id): source for source in window.sources},
        )

    def accept(self, batch: BatchSource, missing: int) -> bool:
        """Whether a batch is new to this window; it then counts as applied."""
        boot = Boot(batch.node, batch.boot_id)
        known = self.sources.get(boot)
        if known is not None and batch.sequence <= known.last_sequence:
            return False
        self.sources[boot] = WindowSource(batch.node, batch.boot_id, batch.sequence, missing, batch.losses)
        return True

    def add(self, workload: Workload, key: EdgeKey, seen: Sighting) -> None:
        """Count one sighting; the workload is described as at the newest sighting."""
        total = self.edges.get(key)
        if total is None:
            total = self.edges[key] = EdgeSum(seen.first_seen, seen.last_seen)
        total.add(seen)
        if (seen.last_seen, workload_order(workload)) > (self.newest, workload_order(self.workload)):
            self.workload = workload
        self.newest = max(self.newest, seen.last_seen)
        self.dirty = True

    def emit(self, cluster: str, reasons: Iterable[str]) -> WorkloadWindow:
        """The next revision."""
        self.revision += 1
        self.dirty = False
        because = tuple(sorted(reasons))
        return WorkloadWindow(
            cluster, self.workload, self.start, self.end, self.revision, self.final, not because, because,
            tuple(self.sources[boot] for boot in sorted(self.sources)),
            tuple(self.edges[key].edge(key) for key in sorted(self.edges, key=order_of)),
        )  # fmt: skip
