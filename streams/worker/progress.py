"""Whether the records that wait in Kafka are worked on: pure, `Progress`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Share(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Offsets:
    """Where a partition stands.

    Attributes:
        first: Offset of its oldest record.
        end: Offset that the next record will get.
        committed: Offset of the first record that is not done; less than 0 if none has ever been done.
    """

    first: int
    end: int
    committed: int

    @property
    def lag(self) -> int:
        """Records that are there and not done."""
        return max(self.end - max(self.committed, self.first), 0)


class _Waiting(NamedTuple):
    committed: int
    since: float


class Stuck(NamedTuple):
    """Records of a partition that wait while none is done.

    Attributes:
        share: Which partition.
        seconds: How long.
    """

    share: Share
    seconds: float


class Progress:
    """Remembers since when records have waited in a partition without one of them being done.

    Times are seconds of one monotonic clock. A partition counts from the first look that saw records wait.
    """

    def __init__(self) -> None:
        self._waiting: dict[Share, _Waiting] = {}

    def looked(self, offsets: Iterable[tuple[Share, Offsets]], now: float) -> None:
        """All partitions that are ours, as Kafka tells."""
        before, self._waiting = self._waiting, {}
        for share, one in offsets:
            if one.lag:
                known = before.get(share)
                still = known is not None and known.committed == one.committed
                self._waiting[share] = known if known is not None and still else _Waiting(one.committed, now)

    def excused(self) -> None:
        """Nothing could be done, for a reason that is not ours: whatever waits is counted from the next look."""
        self._waiting = {}

    def stuck(self, now: float) -> Stuck | None:
        """The partition that has waited longest."""
        waits = [Stuck(share, now - waiting.since) for share, waiting in tuple(self._waiting.items())]
        return max(waits, key=lambda one: one.seconds, default=None)
