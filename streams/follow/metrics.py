"""What `follow` counts of itself: one method for each thing that happens to it."""

import time
from collections.abc import Callable, Iterable, Mapping

from schemas.metrics import Metrics, registry
from schemas.probes import Probes
from schemas.records import Millis, now_ms
from streams.follow import definitions as define
from streams.follow.desk import Sums
from streams.follow.health import FollowHealth
from streams.follow.watch import Pulse


class FollowMetrics:
    """The loop and the watches tell what happens; Prometheus and the kubelet ask, from another thread.

    Args:
        heartbeat_s: Between two heartbeats.
        clock: Seconds of a monotonic clock.
        wall: Milliseconds of the time of day.

    Attributes:
        health: What readiness and liveness follow from.
        probes: What to serve.
    """

    def __init__(self, heartbeat_s: float, clock: Callable[[], float], wall: Callable[[], Millis]) -> None:
        self._clock, self._wall = clock, wall
        self._complete: Millis = 0
        self._metrics = Metrics(define.DEFINITIONS, self._refresh)
        self.health = FollowHealth(heartbeat_s, clock())
        self.probes = Probes(
            registry(self._metrics),
            ready=lambda: self.health.ready(clock()),
            live=lambda: self.health.live(clock()),
        )

    def turned(self, *, leads: bool, waiting: int, standby: bool) -> None:
        """The loop turned; so many changes wait."""
        self._metrics.set(define.LEADER, leads)
        self._metrics.set(define.QUEUE, waiting)
        self.health.turned(self._clock(), standby=standby)

    def waits(self) -> None:
        """The loop waits for the lease: the API server is away, and a restart would not bring it back."""
        self.turned(leads=False, waiting=0, standby=False)

    def event(self, kind: str) -> None:
        """A watch told a change."""
        self._metrics.add(define.EVENTS, 1, kind)

    def listed(self, kind: str) -> None:
        """A list was read to its end."""
        self._metrics.add(define.RELISTS, 1, kind)

    def again(self, reason: str) -> None:
        """A list or a watch has to be begun again."""
        self._metrics.add(define.RESTARTS, 1, reason)

    def watches(self, pulses: Iterable[tuple[str, Pulse]]) -> None:
        """How the watches do."""
        known = [(kind, pulse) for kind, pulse in pulses if not pulse.absent]
        now, ages = self._clock(), dict[str, float]()
        for kind, pulse in known:
            ages[kind] = max(ages.get(kind, 0.0), now - pulse.heard)
        with self._metrics.at_once():
            self._metrics.set(define.WANTED, len(known))
            self._metrics.set(define.OPEN, sum(pulse.open_since is not None for _, pulse in known))
            self._metrics.reach(define.UNUSABLE, sum(pulse.unusable for _, pulse in known))
            for kind, age in ages.items():
                self._metrics.set(define.HEARD, age, kind)

    def written(self, sums: Sums, counts: Mapping[str, int]) -> None:
        """What was written so far, and what there is."""
        with self._metrics.at_once():
            self._metrics.reach(define.CHANGES, sums.changed)
            self._metrics.reach(define.CLOSED, sums.closed)
            self._metrics.reach(define.TOMBSTONES, sums.tombstones)
            for kind, count in counts.items():
                self._metrics.set(define.OBJECTS, count, kind)

    def beat(self, complete: Millis) -> None:
        """The inventory was said to be complete up to a moment."""
        self._complete = complete
        self.health.beat(self._clock())

    def _refresh(self) -> None:
        age = (self._wall() - self._complete) / 1000 if self._complete else -1
        self._metrics.set(define.BEAT, age)


def follow_metrics(heartbeat_s: float) -> FollowMetrics:
    """With the machine's clocks."""
    return FollowMetrics(heartbeat_s, time.monotonic, now_ms)
