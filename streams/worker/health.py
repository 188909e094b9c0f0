"""Whether a stream worker does its work: ready means that it has all it needs, live means that it makes progress.

A process that exists is no progress: Faust's consumer can hang in a rebalance, leave out a partition (issue 629) or
lose an agent (issue 523). So Kafka is asked: records that wait while none is done, for too long, mean not live.
"""

from collections.abc import Iterable
from typing import Final

from schemas.probes import Status
from streams.worker.progress import Offsets, Progress, Share

PATIENCE_S: Final = 120.0
"""Beyond the wait for the inventory: longer than a session, a request and a flush may take one after the other."""
TURN_S: Final = 60.0
"""The event loop may be held up this long by one large step."""
ANSWER_S: Final = 45.0
"""Kafka is asked every ten seconds; three answers may fail to come."""


class StreamHealth:
    """The states that events lead to; every time is in seconds of one monotonic clock.

    Args:
        now: When the program began.
        patience_s: How long records may wait, Kafka may not give us partitions, or the inventory's reading may pause.
    """

    def __init__(self, now: float, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._turned = now
        self._answered: float | None = None
        self._unassigned: float | None = now
        self._recovered = False
        self._inventory = False
        self._read = (-1, now)
        self._progress = Progress()

    def turned(self, now: float) -> None:
        """The event loop turned."""
        self._turned = now

    def inventory(self, read: int, now: float, *, to_its_end: bool) -> None:
        """So many records of the inventory have been read."""
        self._inventory = to_its_end
        if read != self._read[0] or to_its_end:
            self._read = (read, now)

    def assigned(self) -> None:
        """A rebalance is over: the group's leader has said what is ours, which may be nothing."""
        self._unassigned = None
        self._progress.excused()

    def revoked(self, now: float) -> None:
        """A rebalance has begun."""
        self._unassigned = now
        self._recovered = False

    def recovered(self) -> None:
        """The windows of all partitions that are ours have been read back."""
        if not self._recovered:
            self._recovered = True
            self._progress.excused()

    def answered(self, offsets: Iterable[tuple[Share, Offsets]], now: float) -> None:
        """Kafka told where our partitions stand."""
        self._answered = now
        if self._recovered and self._inventory:
            self._progress.looked(offsets, now)

    def silent(self, now: float) -> None:
        """Kafka did not answer: nobody can make progress, and a restart would not help."""
        self._progress.excused()
        self._read = (self._read[0], now)
        if self._unassigned is not None:
            self._unassigned = now

    def ready(self, now: float) -> Status:
        """Inventory read to its end, partitions told by the group, their windows read back, and Kafka answers."""
        return Status.lacking(
            "" if self._inventory else "the inventory has not been read to its end",
            "" if self._unassigned is None else "the group has not yet said which partitions are ours",
            "" if self._recovered else "the windows of our partitions have not been read back",
            self._answers(now),
        )

    def live(self, now: float) -> Status:
        """The event loop turns, and what waits is worked on; while Kafka is silent nothing is asked of us."""
        return Status.lacking(
            _late("the event loop turned last", now - self._turned, TURN_S),
            self._waits(now),
            "" if self._unassigned is None else _late("no partitions since", now - self._unassigned, self._patience_s),
            "" if self._inventory else _late("reading the inventory paused", now - self._read[1], self._patience_s),
        )

    def _answers(self, now: float) -> str:
        if self._answered is None:
            return "Kafka has not answered yet"
        return _late("Kafka answered last", now - self._answered, ANSWER_S)

    def _waits(self, now: float) -> str:
        stuck = self._progress.stuck(now)
        if stuck is None:
            return ""
        where = f"records wait in {stuck.share.topic}, partition {stuck.share.partition}, and none is done since"
        return _late(where, stuck.seconds, self._patience_s)


def _late(what: str, seconds: float, allowed: float) -> str:
    return f"{what} {seconds:.0f} s ago; {allowed:g} s are allowed" if seconds > allowed else ""
