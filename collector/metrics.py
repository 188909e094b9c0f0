"""What the collector counts of itself: one method for each thing that happens to it."""

import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version

from collector import definitions as define
from collector.health import Health
from collector.publish import PublishState
from schemas.metrics import Metrics, registry
from schemas.probes import Probes
from schemas.records import ConnectionBatch


class CollectorMetrics:
    """The run loop tells what happens; Prometheus and the kubelet ask, from another thread.

    Args:
        interval_s: Between two drains.
        clock: Seconds of a monotonic clock.

    Attributes:
        health: What readiness and liveness follow from.
        probes: What to serve.
    """

    def __init__(self, interval_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._metrics = Metrics(define.DEFINITIONS, self._refresh)
        self._metrics.set(define.SEQUENCE, -1)
        self._metrics.set(define.BUILD, 1, version("network-policy-advisor"), platform.release())
        self.health = Health(interval_s, clock())
        self.probes = Probes(
            registry(self._metrics),
            ready=lambda: self.health.ready(clock()),
            live=lambda: self.health.live(clock()),
        )

    def attached(self, features: Mapping[str, bool]) -> None:
        """Every program is attached; which features that makes, and which this node cannot have."""
        for name, enabled in features.items():
            self._metrics.set(define.FEATURE, enabled, name)
        self.health.attached()

    def detached(self) -> None:
        """No program is attached any more."""
        self.health.detached()

    def drained(self, seconds: float, fill: float) -> None:
        """The kernel's map was emptied, so the loop turned.

        Args:
            seconds: How long it took.
            fill: How full the map was, 0 to 1.
        """
        with self._metrics.at_once():
            self._metrics.observe(define.DRAIN, seconds)
            self._metrics.set(define.MAP_FILL, fill)
        self.health.turned(self._clock())

    def made(self, batch: ConnectionBatch) -> None:
        """A batch was made; its ledger is what the counters show from now on."""
        with self._metrics.at_once():
            self._metrics.add(define.BATCHES, 1)
            self._metrics.add(define.EDGES, len(batch.connections))
            self._metrics.add(define.CONNECTIONS, sum(batch.connections.counts))
            self._metrics.set(define.SEQUENCE, batch.sequence)
            self._metrics.set(define.HELD, batch.held)
            for stage, count in batch.losses:
                self._metrics.reach(define.LOST_TOTAL, count, stage)
            for reason, count in batch.ignored:
                self._metrics.reach(define.IGNORED_TOTAL, count, reason)

    def publisher(self, state: PublishState) -> None:
        """What the publisher has done so far, and what waits for Kafka."""
        with self._metrics.at_once():
            self._metrics.reach(define.ACKNOWLEDGED, state.acknowledged_batches)
            self._metrics.reach(define.PUBLISHED, state.acknowledged_bytes)
            for place, held in (("memory", state.in_memory), ("files", state.in_files)):
                self._metrics.set(define.SPOOL_BATCHES, held.batches, place)
                self._metrics.set(define.SPOOL_BYTES, held.size, place)
        if state.acknowledged_at is not None:
            self.health.acknowledged(state.acknowledged_at)

    def scanned(self, seconds: float, failed: int) -> None:
        """The sockets were scanned; so many namespaces could not be read."""
        with self._metrics.at_once():
            self._metrics.observe(define.SCAN, seconds)
            self._metrics.add(define.SCAN_FAILURES, failed)

    def pods(self, known: int) -> None:
        """So many pods are known on this node."""
        self._metrics.set(define.PODS, known)

    def _refresh(self) -> None:
        self._metrics.set(define.UNACKNOWLEDGED, self.health.unacknowledged_s(self._clock()))
