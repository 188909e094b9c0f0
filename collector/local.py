"""The same probes without Kafka: one line of JSON for each edge of this node, in the raw form of recordings."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector.batch import Boot, batches_of
from collector.features import Feature, available
from collector.recorded import raw_line
from collector.watch import Watch, WatchSettings, began, watched
from schemas.limits import DAY_S, positive
from schemas.records import Connection, Counts
from schemas.stopping import stop_event

LOG: Final = logging.getLogger(__name__)
_TURN_S: Final = 0.2
_ROWS: Final = 10_000
_LONGEST_S: Final = 10_000_000.0
"""Some four months: for longer there is the collector."""
_REMEMBERED: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """Watching this node by hand.

    Attributes:
        node: The name that the lines give it.
        interval_s: Seconds between two looks.
        duration_s: Seconds until it ends by itself; never if None.
        cgroup: Whose sockets are watched; all of the node if not given.
        without: Features that are not wanted.

    Raises:
        UsageError: The interval or the duration is no number of seconds more than 0.
    """

    node: str
    interval_s: float = 1.0
    duration_s: float | None = None
    cgroup: Path | None = None
    without: frozenset[Feature] = frozenset()

    def __post_init__(self) -> None:
        """Neither may end at once or never."""
        positive(DAY_S, interval=self.interval_s)
        if self.duration_s is not None:
            positive(_LONGEST_S, duration=self.duration_s)


@dataclass(slots=True)
class LocalSummary:
    """What came of it.

    Attributes:
        lines: Printed.
        connections: Their counts together.
        losses: What was not seen, by stage.
        ignored: What was left out on purpose, by reason.
    """

    lines: int = 0
    connections: int = 0
    losses: Counts = ()
    ignored: Counts = ()

    def __str__(self) -> str:
        """One sentence."""
        lost = ", ".join(f"{count} {stage}" for stage, count in self.losses) or "nothing"
        left_out = ", ".join(f"{count} {reason}" for reason, count in self.ignored) or "nothing"
        return f"{self.lines} lines of {self.connections} connections; lost: {lost}; left out: {left_out}"


class _Fresh:
    """Which edges are worth a line: those with something new, and once each of those that were there before."""

    def __init__(self) -> None:
        self._shown: set[int] = set()

    def __call__(self, one: Connection) -> bool:
        edge = hash((one.role, one.protocol, one.local_address, one.remote_address, one.port, one.netns_cookie))
        known = edge in self._shown
        if len(self._shown) >= _REMEMBERED:
            self._shown.clear()
        self._shown.add(edge)
        return one.count > 0 or not known


def run(settings: LocalSettings, write: Callable[[str], None]) -> LocalSummary:
    """Write lines until the duration is over or SIGINT or SIGTERM comes.

    Raises:
        UsageError: The cgroup is none.
        KernelUnavailable: The kernel or a privilege lacks what is needed.
    """
    features = available(settings.without)
    look = WatchSettings(features.require(settings.cgroup), features)
    for line in features.off():
        LOG.warning(line)
    summary, fresh = LocalSummary(), _Fresh()
    with stop_event() as stop, watched(look) as watch:
        LOG.info("monitor ready: node %s", settings.node)
        for one in _connections(settings, watch, stop, summary):
            if fresh(one):
                write(json.dumps(raw_line(settings.node, one), ensure_ascii=False))
                summary.lines += 1
                summary.connections += one.count
    LOG.info("%s", summary)
    return summary


def _connections(
    settings: LocalSettings, watch: Watch, stop: threading.Event, summary: LocalSummary
) -> Iterator[Connection]:
    boot, progress = Boot("", settings.node, "", _ROWS), began()
    for now in _looks(settings, watch, stop):
        batches, progress = batches_of(boot, progress, watch.drain(now), watch.losses, watch.pod_uid)
        for batch in batches:
            summary.losses, summary.ignored = batch.losses, batch.ignored
            yield from batch.rows()


def _looks(settings: LocalSettings, watch: Watch, stop: threading.Event) -> Iterator[float]:
    """The time after each interval, and at the end."""
    start = due = time.monotonic()
    end = None if settings.duration_s is None else start + settings.duration_s
    while not stop.wait(min(_TURN_S, settings.interval_s)):
        now = time.monotonic()
        watch.turn(now)
        if end is not None and now >= end:
            break
        if now >= due:
            yield now
            due = now + settings.interval_s
    watch.end()
    yield time.monotonic()
