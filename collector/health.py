"""Whether the collector does its work: ready means attached and publishing, live means that the drain loop turns.

Kafka's absence makes it unready, never dead: a restart would throw away the spool.
"""

from typing import Final

from schemas.probes import Status

GRACE_INTERVALS: Final = 3
GRACE_S: Final = 10.0
START_S: Final = 60.0
"""Compiling, attaching and the first scan may take this much longer than a turn of the loop."""


class Health:
    """The states that events lead to; every time is in seconds of one monotonic clock.

    Args:
        interval_s: Between two drains.
        now: When the program began.
    """

    def __init__(self, interval_s: float, now: float) -> None:
        self.patience_s = GRACE_INTERVALS * interval_s + GRACE_S
        self._attached = False
        self._began = now
        self._turned: float | None = None
        self._acknowledged: float | None = None

    def attached(self) -> None:
        """All programs are attached."""
        self._attached = True

    def detached(self) -> None:
        """The programs are attached no more: the end has begun."""
        self._attached = False

    def turned(self, now: float) -> None:
        """The drain loop turned."""
        self._turned = now

    def acknowledged(self, now: float) -> None:
        """Kafka acknowledged a batch."""
        self._acknowledged = now

    def unacknowledged_s(self, now: float) -> float:
        """Seconds since Kafka last acknowledged a batch; since the start if it never did."""
        return now - (self._began if self._acknowledged is None else self._acknowledged)

    def ready(self, now: float) -> Status:
        """Attached, and a batch was acknowledged lately."""
        return Status.lacking(
            "" if self._attached else "the programs are not attached to the kernel",
            self._publishing(now),
        )

    def live(self, now: float) -> Status:
        """The drain loop turned lately."""
        if self._turned is None:
            allowed, since, what = self.patience_s + START_S, self._began, "has not turned yet"
        else:
            allowed, since, what = self.patience_s, self._turned, "turned last"
        late = now - since > allowed
        return Status.lacking(
            f"the drain loop {what}, {now - since:.0f} s ago; {allowed:g} s are allowed" if late else ""
        )

    def _publishing(self, now: float) -> str:
        if self._acknowledged is None:
            return "Kafka has not acknowledged a batch yet"
        if self.unacknowledged_s(now) <= self.patience_s:
            return ""
        return (
            f"Kafka acknowledged the last batch {self.unacknowledged_s(now):.0f} s ago; "
            f"{self.patience_s:g} s are allowed"
        )
