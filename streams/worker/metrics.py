"""What a stream worker counts of itself: one method for each thing that happens to it."""

import time
from collections.abc import Callable, Mapping
from importlib.metadata import version

from schemas.metrics import Metric, Metrics, registry
from schemas.probes import Probes
from schemas.records import Counts, Millis, now_ms
from schemas.topics import CONNECTIONS, INVENTORY, WORKLOAD_EDGES, WORKLOAD_WINDOWS, Topic
from streams.directory.inventory import Inventory
from streams.intake import Result
from streams.tally import Held
from streams.worker import definitions as define
from streams.worker.health import StreamHealth
from streams.worker.lag import Standing


class StreamMetrics:
    """The worker tells what happens; Prometheus and the kubelet ask, from another thread.

    Args:
        inventory: Asked at each scrape.
        health: What readiness and liveness follow from.
        clock: Seconds of a monotonic clock.
        wall: Milliseconds of the time of day.

    Attributes:
        probes: What to serve.
    """

    def __init__(
        self,
        inventory: Inventory,
        health: StreamHealth,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], Millis] = now_ms,
    ) -> None:
        self._inventory, self._wall = inventory, wall
        self._metrics = Metrics(define.DEFINITIONS, self._refresh)
        self._metrics.set(define.BUILD, 1, version("network-policy-advisor"))
        self.probes = Probes(
            registry(self._metrics), ready=lambda: health.ready(clock()), live=lambda: health.live(clock())
        )

    def stepped(self, topic: Topic, records: int, seconds: float, result: Result) -> None:
        """So many records of the topic were done, their outputs acknowledged and their offsets committed."""
        first, tally = topic is CONNECTIONS, result.tally
        with self._metrics.at_once():
            self._metrics.add(define.RECORDS, records, topic.name)
            self._metrics.observe(define.ENRICH if first else define.WINDOW, seconds)
            self._metrics.add(define.DEAD_LETTERS, len(result.bad), topic.name)
            self._metrics.add(define.EMITTED, len(result.outputs), (WORKLOAD_EDGES if first else WORKLOAD_WINDOWS).name)
            self._metrics.add(define.EDGES_OUT if first else define.EDGES_IN, tally.edges)
            self._metrics.add(define.BATCHES, tally.batches)
            self._metrics.add(define.CONNECTIONS_IN, tally.connections)
            self._metrics.add(define.USED, tally.used)
            self._add_all(define.UNRESOLVED, tally.unresolved)
            self._add_all(define.IGNORED, tally.ignored)

    def rebalanced(self) -> None:
        """The group has shared out its partitions again."""
        self._metrics.add(define.REBALANCES, 1)

    def stands(self, standing: Standing) -> None:
        """Where our partitions stand; those of others are not shown any more."""
        lags: dict[tuple[str, ...], float] = {(share.topic, str(share.partition)): one.lag for share, one in standing}
        self._metrics.only(define.LAG, lags)

    def held(self, held: Mapping[Topic, tuple[int, Held]]) -> None:
        """By the topic that a stage reads: bytes that wait for it, and what it keeps in memory."""
        kept = [one for _, one in held.values()]
        with self._metrics.at_once():
            for topic, (waiting, _) in held.items():
                self._metrics.set(define.WAITING, waiting, topic.name)
            self._metrics.set(define.WINDOWS, sum(one.windows for one in kept))
            self._metrics.set(define.WINDOW_EDGES, sum(one.edges for one in kept))
            self._metrics.reach(define.MOVED, sum(one.moved for one in kept))

    def _add_all(self, metric: Metric, counts: Counts) -> None:
        for reason, count in counts:
            self._metrics.add(metric, count, reason)

    def _refresh(self) -> None:
        seen = self._inventory.seen
        self._metrics.reach(define.INVENTORY_READ, seen.read)
        self._metrics.reach(define.INVENTORY_UNUSABLE, seen.unusable)
        self._metrics.reach(define.DEAD_LETTERS, seen.letters, INVENTORY.name)
        for cluster, objects in self._inventory.objects().items():
            for kind, count in objects.items():
                self._metrics.set(define.INVENTORY_OBJECTS, count, cluster, kind)
        for cluster, watermark in self._inventory.watermarks().items():
            if watermark:
                self._metrics.set(define.INVENTORY_AGE, max(self._wall() - watermark, 0) / 1000, cluster)
