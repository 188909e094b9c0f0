"""Which violations stand, and edges over all of their windows. No I/O."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.records import Millis, PolicyViolation
from synthesizer.evidence import EdgeKey, key_of


@dataclass(frozen=True, slots=True)
class Refused:
    """One edge of a workload that would be refused, in one or more windows.

    Attributes:
        newest: The violation of its newest window.
        windows: Violations that stand, each of a window.
        connections: Established, in all of them.
        attempts: Not established, in all of them.
        by_deployed: Policies in force refuse it, in some window.
        by_suggested: The suggestion did, in some window.
    """

    newest: PolicyViolation
    windows: int
    connections: int
    attempts: int
    by_deployed: bool
    by_suggested: bool


def standing_of(records: Iterable[PolicyViolation]) -> tuple[PolicyViolation, ...]:
    """The violations that stand: of each identity the highest revision, then the last, if it was not taken back.

    Args:
        records: In the order of each partition.
    """
    latest: dict[tuple[str, str], PolicyViolation] = {}
    for one in records:
        known = latest.get((one.key, one.identity))
        if known is None or one.revision >= known.revision:
            latest[one.key, one.identity] = one
    return tuple(one for one in latest.values() if one.stands)


def refused_of(standing: Iterable[PolicyViolation], since: Millis = 0) -> tuple[Refused, ...]:
    """Edges that were last seen at the time or later, by workload; what refuses most windows comes first."""
    edges: dict[tuple[str, EdgeKey], list[PolicyViolation]] = defaultdict(list)
    for one in standing:
        if one.edge.last_seen >= since:
            edges[one.key, key_of(one.edge)].append(one)
    found = [_refused(sorted(windows, key=lambda one: one.start)) for windows in edges.values()]
    return tuple(sorted(found, key=lambda one: (one.newest.workload.ref, -one.windows, one.newest.identity)))


def _refused(windows: list[PolicyViolation]) -> Refused:
    return Refused(
        newest=windows[-1],
        windows=len(windows),
        connections=sum(one.edge.count for one in windows),
        attempts=sum(one.edge.attempts for one in windows),
        by_deployed=any(not one.deployed.allowed for one in windows),
        by_suggested=any(not one.suggested.allowed for one in windows),
    )
