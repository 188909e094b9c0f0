"""Which workloads are gone for good: not there, and quiet, for a grace period; never by an unsure inventory."""

from collections.abc import Iterable
from typing import Final

from schemas.records import Millis, WorkloadRef
from synthesizer.evidence import Evidence
from synthesizer.inventory.world import World

_STALE_MS: Final = 60_000
"""`follow` writes a heartbeat each second; an older inventory, or one of the future, says nothing about now."""


class Departures:
    """Remembers since when workloads are not there.

    Args:
        world: The inventory.
        grace_ms: How long a workload must be gone; None: no workload ever is.
    """

    def __init__(self, world: World, grace_ms: Millis | None) -> None:
        self._world, self._grace_ms = world, grace_ms
        self._since: dict[WorkloadRef, Millis] = {}

    def gone(self, known: Iterable[Evidence], now: Millis) -> tuple[WorkloadRef, ...]:
        """Those of the workloads that are gone for good, in order.

        Args:
            known: Evidence of all workloads that there are suggestions for.
            now: This program's time, by which the inventory is judged.
        """
        if self._grace_ms is None:
            return ()
        if not self._is_sure(now):
            self._since.clear()
            return ()
        absent = [one for one in known if not self._world.exists(one.workload.ref)]
        self._since = {one.workload.ref: since for one in absent if (since := self._gone_since(one))}
        due = self._world.watermark - self._grace_ms
        return tuple(sorted(ref for ref, since in self._since.items() if since <= due))

    def _is_sure(self, now: Millis) -> bool:
        return self._world.complete and abs(now - self._world.watermark) <= _STALE_MS

    def _gone_since(self, one: Evidence) -> Millis:
        """When it was last heard of; 0 if it may be there all the same."""
        ref = one.workload.ref
        heard = max((edge.last_seen for edge in one.edges.values()), default=0)
        closed = self._world.closed(ref)
        if closed:
            return max(closed, heard)
        if ref in self._since:
            return max(self._since[ref], heard)
        return max(self._world.watermark, heard) if self._world.is_whole_cluster else 0
