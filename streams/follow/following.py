"""The leader's loop: changes of the watches to the desk, and heartbeats while the watches are complete."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from schemas.records import Millis, now_ms
from streams.follow.desk import Desk
from streams.follow.kinds import Scope
from streams.follow.lease import Alone, Lease
from streams.follow.metrics import FollowMetrics
from streams.follow.settings import FollowSettings
from streams.follow.watches import Told, Watches

LOG: Final = logging.getLogger(__name__)
_POLL_S: Final = 0.1
_AT_ONCE: Final = 1_000
_TIDY_S: Final = 10.0
_COUNT_S: Final = 1.0
"""Who scrapes comes more rarely; while changes pour in, the loop turns much more often."""


class Stopped(Exception):  # noqa: N818  the way out of a wait, not a failure
    """The program was told to end while it waited for something."""


class Permit:
    """Lets a record be written only while the lease is held.

    Args:
        lease: The lease.
        stop: Set when the program is to end.
        waits: Called now and then while it waits.
    """

    def __init__(self, lease: Lease | Alone, stop: threading.Event, waits: Callable[[], None]) -> None:
        self._lease, self._stop, self._waits = lease, stop, waits

    def __call__(self) -> None:
        """Wait until the lease is held; raises what makes that impossible, or Stopped."""
        while not self._lease.held(time.monotonic()):
            if self._lease.failure is not None:
                raise self._lease.failure
            self._waits()
            if self._stop.wait(_POLL_S):
                raise Stopped


class Following:
    """Publishes what the watches tell.

    Args:
        settings: What can be set.
        watches: Who tells.
        desk: Where it is written.
        lease: Who says that this instance may.
        metrics: Who counts.
    """

    def __init__(
        self, settings: FollowSettings, watches: Watches, desk: Desk, lease: Lease | Alone, metrics: FollowMetrics
    ) -> None:
        self._settings, self._watches, self._desk = settings, watches, desk
        self._lease, self._metrics = lease, metrics
        self._doubted = set[Scope]()
        self._complete: Millis = 0

    def until(self, stop: threading.Event) -> None:
        """Go on until told to stop, or, if it is to be done once, until the first heartbeat.

        Raises:
            Unavailable: A watch, the lease or Kafka fails for good.
            Stopped: While another instance may hold the lease.
        """
        beat_due = tidy_due = count_due = time.monotonic()
        while not stop.is_set():
            self._take(_AT_ONCE, _POLL_S)
            self._raise_failure()
            now = time.monotonic()
            if now >= beat_due:
                beat_due = now + self._settings.heartbeat_s
                if self._beat(now) and self._settings.once:
                    return
            if now >= tidy_due and self._complete:
                tidy_due = now + _TIDY_S
                self._desk.tidy(now_ms(), round(self._settings.grace_s * 1000))
            leads = self._lease.held(time.monotonic())
            self._metrics.turned(leads=leads, waiting=self._watches.waiting, standby=False)
            if now >= count_due:
                count_due = now + min(_COUNT_S, self._settings.heartbeat_s)
                self._metrics.watches(self._watches.pulses)
                self._metrics.written(self._desk.sums, self._desk.published.counts())

    def _raise_failure(self) -> None:
        self._watches.raise_failure()
        if self._lease.failure is not None:
            raise self._lease.failure

    def _take(self, most: int, wait_s: float) -> None:
        """Write what waits; the first change is waited for."""
        for _ in range(most):
            told = self._watches.take(wait_s)
            if told is None:
                return
            self._write(told)
            wait_s = 0.0

    def _write(self, told: Told) -> None:
        if told.believed is None:
            self._desk.apply(told.scope, told.change, now_ms())
            return
        believed = self._believed(told)
        if believed:
            self._desk.apply(told.scope, told.change, now_ms())
        told.believed.set_result(believed)

    def _believed(self, told: Told) -> bool:
        """A list that lacks most of what there was is believed when it comes a second time."""
        lost = self._desk.doubtful(told.scope, told.change)
        if lost and told.scope not in self._doubted:
            LOG.warning("a list of %s lacks %d objects that are published: asking again", told.scope, lost)
            self._doubted.add(told.scope)
            return False
        self._doubted.discard(told.scope)
        return True

    def _beat(self, now: float) -> bool:
        """Say up to when the inventory is complete, if it is known; whether it was said."""
        complete = now_ms() - round(self._settings.server.settle_s * 1000)
        open_enough = self._watches.listed_all and self._watches.open_for(self._settings.server.settle_s, now)
        if not open_enough or not self._lease.fresh(now):
            return False
        self._take(self._watches.waiting, 0.0)  # all that had arrived when the moment was fixed
        self._complete = max(self._complete, complete)
        self._desk.beat(self._complete, now_ms())
        self._metrics.beat(self._complete)
        if self._desk.sums.beats == 1:
            LOG.info("follow ready: %s", ", ".join(f"{n} {kind}" for kind, n in self._desk.published.counts().items()))
        return True
