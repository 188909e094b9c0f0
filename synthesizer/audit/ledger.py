"""What was told of each recent window: so that an edge is told once, and taken back if a later revision clears it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from schemas.records import Millis, PolicyViolation, Verdict, WorkloadRef, WorkloadWindow
from synthesizer.evidence import RECENT_MS, EdgeKey, key_of


@dataclass(slots=True)
class _Judged:
    """One window.

    Attributes:
        revision: The newest that was judged.
        told: The violations that stand, as they were written.
    """

    revision: int = 0
    told: dict[EdgeKey, PolicyViolation] = field(default_factory=dict)


class Ledger:
    """Violations of the windows of one hour behind each workload's newest, by partition."""

    def __init__(self) -> None:
        self._known: dict[int, dict[WorkloadRef, dict[Millis, _Judged]]] = defaultdict(lambda: defaultdict(dict))

    def restore(self, violation: PolicyViolation, partition: int) -> None:
        """Take what an earlier run wrote, in the order in which it was written."""
        windows = self._known[partition][violation.workload.ref]
        judged = windows.setdefault(violation.start, _Judged())
        key = key_of(violation.edge)
        known = judged.told.get(key)
        if known is not None and violation.revision < known.revision:
            return
        judged.revision = max(judged.revision, violation.revision)
        judged.told.pop(key, None)
        if violation.stands:
            judged.told[key] = violation
        _prune(windows)

    def is_news(self, window: WorkloadWindow, partition: int) -> bool:
        """Whether this revision, or a later one, was not judged yet."""
        judged = self._known[partition][window.workload.ref].get(window.start)
        return judged is None or window.revision > judged.revision

    def tell(
        self, window: WorkloadWindow, partition: int, found: Mapping[EdgeKey, PolicyViolation]
    ) -> list[PolicyViolation]:
        """What is to be written of a revision whose violations are these: what is new, different, or cleared."""
        windows = self._known[partition][window.workload.ref]
        judged = windows.setdefault(window.start, _Judged())
        fresh = {key: one for key, one in found.items() if _is_news(judged.told.get(key), one, final=window.final)}
        cleared = [_taken_back(one, window.revision) for key, one in judged.told.items() if key not in found]
        kept = {key: fresh.get(key) or judged.told[key] for key in found}
        judged.revision, judged.told = window.revision, kept
        _prune(windows)
        return [*fresh.values(), *cleared]

    def younger(self, window: WorkloadWindow, partition: int) -> Iterator[PolicyViolation]:
        """What stands of later windows of the workload."""
        windows = self._known[partition][window.workload.ref]
        for start in sorted(start for start in windows if start > window.start):
            yield from tuple(windows[start].told.values())

    def correct(self, violation: PolicyViolation, partition: int) -> None:
        """Take note that what was told of an edge is this now."""
        told = self._known[partition][violation.workload.ref][violation.start].told
        told.pop(key_of(violation.edge), None)
        if violation.stands:
            told[key_of(violation.edge)] = violation

    def drop(self, partitions: Iterable[int]) -> None:
        """Another synthesizer has these partitions now."""
        for number in partitions:
            self._known.pop(number, None)

    def forget(self, ref: WorkloadRef, partition: int) -> None:
        """The workload is gone for good."""
        self._known[partition].pop(ref, None)


def _is_news(told: PolicyViolation | None, one: PolicyViolation, *, final: bool) -> bool:
    """Counts of a window that still grows are no news; a final window is told as it is, whatever was told before."""
    return told is None or _verdicts(told) != _verdicts(one) or (final and told != one)


def _verdicts(one: PolicyViolation) -> tuple[object, ...]:
    return one.deployed, one.suggested, one.attempt


def _taken_back(one: PolicyViolation, revision: int) -> PolicyViolation:
    cleared = Verdict(allowed=True, rule=f"taken back by revision {revision} of the window")
    return replace(one, deployed=cleared, suggested=cleared, revision=revision)


def _prune(windows: dict[Millis, _Judged]) -> None:
    newest = max(windows)
    for start in [start for start in windows if start < newest - RECENT_MS]:
        del windows[start]
