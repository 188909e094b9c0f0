"""Whether `follow` does its work: ready means complete or standing by, live means that its loop turns."""

from typing import Final

from schemas.probes import Status

GRACE_INTERVALS: Final = 3
READY_S: Final = 30.0
"""A heartbeat that is so much older than three that were to come makes it unready: batches have long ceased to wait."""
LIVE_S: Final = 120.0
"""One turn of the loop may take so much longer than waiting for a heartbeat: Kafka gets a minute to take what was
written."""
START_S: Final = 600.0
"""Reading the inventory and the first lists may take so long."""


class FollowHealth:
    """The states that events lead to; every time is in seconds of one monotonic clock.

    Args:
        heartbeat_s: Between two heartbeats.
        now: When the program began.
    """

    def __init__(self, heartbeat_s: float, now: float) -> None:
        self._ready_s = READY_S + GRACE_INTERVALS * heartbeat_s
        self._live_s = LIVE_S + heartbeat_s
        self._began = now
        self._turned: float | None = None
        self._beat: float | None = None
        self._standby = False

    def begins(self, now: float) -> None:
        """The instance that stood by takes over, and reads what is published first."""
        self._began, self._turned, self._standby = now, None, False

    def turned(self, now: float, *, standby: bool) -> None:
        """The loop turned; `standby` while another instance publishes."""
        self._turned, self._standby = now, standby

    def beat(self, now: float) -> None:
        """A heartbeat was acknowledged."""
        self._beat = now

    def ready(self, now: float) -> Status:
        """A heartbeat was written lately, or another instance does it."""
        if self._standby:
            return Status.lacking()
        if self._beat is None:
            return Status.lacking("the inventory is not complete yet")
        late = now - self._beat > self._ready_s
        return Status.lacking(
            f"the last heartbeat was {now - self._beat:.0f} s ago; {self._ready_s:g} s are allowed" if late else ""
        )

    def live(self, now: float) -> Status:
        """The loop turned lately."""
        began, allowed = (self._began, START_S) if self._turned is None else (self._turned, self._live_s)
        late = now - began > allowed
        return Status.lacking(f"the loop turned {now - began:.0f} s ago; {allowed:g} s are allowed" if late else "")
