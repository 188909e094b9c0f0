"""Windows in, records of violations out, each once; what is to be written waits until it is asked for."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.records import PolicyViolation, WorkloadRef, WorkloadWindow
from synthesizer.audit.judge import Judge
from synthesizer.audit.ledger import Ledger
from synthesizer.evidence import Evidence
from synthesizer.inventory.world import World
from synthesizer.options import Options


class Told(NamedTuple):
    """A record to write.

    Attributes:
        violation: The record.
        partition: Where to.
    """

    violation: PolicyViolation
    partition: int


class Auditor:
    """Holds windows of the assigned partitions against policies."""

    def __init__(self, world: World, options: Options) -> None:
        self._judge = Judge(world, options)
        self._ledger = Ledger()
        self._waiting: list[Told] = []

    def restore(self, violation: PolicyViolation, partition: int) -> None:
        """Take what an earlier run wrote, in the order in which it was written."""
        self._ledger.restore(violation, partition)

    def window(self, window: WorkloadWindow, partition: int, evidence: Evidence, name: str) -> None:
        """Judge a window that has been folded into the evidence.

        Args:
            window: The window; a revision that is not newer than the last one judged is a repetition.
            partition: Its partition.
            evidence: All that is known of its workload.
            name: metadata.name of its suggested policy.
        """
        if not self._ledger.is_news(window, partition):
            return
        found = self._judge.violations(window, evidence, name)
        self._waiting += [Told(one, partition) for one in self._ledger.tell(window, partition, found)]
        for known in tuple(self._ledger.younger(window, partition)):
            self._judged_again(known, partition, evidence, name)

    def waiting(self) -> tuple[Told, ...]:
        """What is to be written; asking again gives nothing."""
        told, self._waiting = tuple(self._waiting), []
        return told

    def drop(self, partitions: Iterable[int]) -> None:
        """Another synthesizer has these partitions now, and judges again what was not written."""
        gone = set(partitions)
        self._ledger.drop(gone)
        self._waiting = [told for told in self._waiting if told.partition not in gone]

    def forget(self, ref: WorkloadRef, partition: int) -> None:
        """The workload is gone for good."""
        self._ledger.forget(ref, partition)

    def _judged_again(self, known: PolicyViolation, partition: int, evidence: Evidence, name: str) -> None:
        """An older window may have shown what a younger one was the first to show."""
        now = self._judge.again(known, evidence, name)
        if now != known:
            self._ledger.correct(now, partition)
            self._waiting.append(Told(now, partition))
