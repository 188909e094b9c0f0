"""Whether `follow` does its work: ready means complete or standing by, live means that its loop turns."""

from typing import Final

from schemas.probes import Status

READY_S: Final = 30.0
"""A heartbeat that is older makes it unready: batches have long ceased to wait for it."""
LIVE_S: Final = 120.0
"""One turn of the loop may take so long: Kafka gets a minute to take what was written."""
START_S: Final = 600.0
"""Reading the inventory and the first lists may take so long."""


class FollowHealth:
    """The states that events lead to; every time is in seconds of one monotonic clock.

    Args:
        now: When the program began.
    """

    def __init__(self, now: float) -> None:
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
        late = now - self._beat > READY_S
        return Status.lacking(
            f"the last heartbeat was {now - self._beat:.0f} s ago; {READY_S:g} s are allowed" if late else ""
        )

    def live(self, now: float) -> Status:
        """The loop turned lately."""
        began, allowed = (self._began, START_S) if self._turned is None else (self._turned, LIVE_S)
        late = now - began > allowed
        return Status.lacking(f"the loop turned {now - began:.0f} s ago; {allowed:g} s are allowed" if late else "")
