"""One edge's evidence: seen in a window, joined with what was known, settled once its windows can change no more."""

from collections import Counter
from dataclasses import replace

from schemas.records import Edge, EdgeEvidence, Role, WindowCount
from synthesizer.peers import order


def sighted(known: EdgeEvidence | None, edge: Edge, start: int) -> EdgeEvidence:
    """The edge as one window shows it; its counts add up with `known` of the same window (a peer's labels changed)."""
    count = edge.count + (sum(one.count for one in known.recent) if known else 0)
    sighting = EdgeEvidence(
        edge.role,
        edge.peer,
        edge.protocol,
        edge.port,
        recent=(WindowCount(start, count),) if edge.established else (),
        seen_by_client=Role.CLIENT in edge.seen_by,
        seen_by_server=Role.SERVER in edge.seen_by,
        attempts=edge.attempts,
        first_seen=edge.first_seen,
        last_seen=edge.last_seen,
        bases=tuple(sorted(set(edge.bases), key=lambda basis: basis.value)),
        services=tuple(sorted(set(edge.services))),
        shared=edge.shared,
        hidden_client=edge.hidden_client,
        unconfirmed=edge.unconfirmed,
        established_in=start if edge.established else 0,
    )
    return sighting if known is None else _united(known, sighting)


def joined(known: EdgeEvidence | None, sighting: EdgeEvidence, *, late: bool) -> EdgeEvidence:
    """Both together. A late sighting is not counted, unless the edge would not be established without it."""
    if not late:
        return sighting if known is None else _united(known, sighting)
    bare = replace(sighting, recent=())
    if sighting.established and not (known and known.established):
        bare = replace(bare, count=sighting.total_count, windows=1)
    return bare if known is None else _with_facts(_united(known, bare), known, sighting)


def together(one: EdgeEvidence, other: EdgeEvidence) -> EdgeEvidence:
    """Two edges that are told apart no more: connections add up; windows that are settled count at least once."""
    counts = Counter({sighting.start: sighting.count for sighting in one.recent})
    counts.update({sighting.start: sighting.count for sighting in other.recent})
    recent = tuple(WindowCount(*item) for item in sorted(counts.items()))
    return replace(_united(one, other), recent=recent, windows=max(one.windows, other.windows))


def settled(edge: EdgeEvidence, floor: int) -> EdgeEvidence:
    """With sightings in windows that began before `floor` (ms) moved to the totals."""
    old = [one for one in edge.recent if one.start < floor]
    if not old:
        return edge
    return replace(
        edge,
        count=edge.count + sum(one.count for one in old),
        windows=edge.windows + len(old),
        recent=edge.recent[len(old) :],
    )


def _united(one: EdgeEvidence, other: EdgeEvidence) -> EdgeEvidence:
    newest = max(one, other, key=lambda edge: (edge.last_seen, order(edge.peer)))
    united = replace(
        one,
        peer=newest.peer,
        count=one.count + other.count,
        windows=one.windows + other.windows,
        recent=_latest(one.recent, other.recent),
        seen_by_client=one.seen_by_client or other.seen_by_client,
        seen_by_server=one.seen_by_server or other.seen_by_server,
        attempts=max(one.attempts, other.attempts),
        first_seen=min(one.first_seen, other.first_seen),
        last_seen=newest.last_seen,
        bases=tuple(sorted({*one.bases, *other.bases}, key=lambda basis: basis.value)),
        services=tuple(sorted({*one.services, *other.services})),
    )
    return _with_facts(united, one, other)


def _with_facts(united: EdgeEvidence, one: EdgeEvidence, other: EdgeEvidence) -> EdgeEvidence:
    """A doubt is gone with the first window that has none; attempts decide only where there is nothing else."""
    established = [edge for edge in (one, other) if edge.established]
    told = established or (one, other)
    return replace(
        united,
        shared=all(edge.shared for edge in told),
        hidden_client=all(edge.hidden_client for edge in told),
        unconfirmed=one.unconfirmed or other.unconfirmed,
        established_in=min((edge.established_in for edge in established), default=0),
    )


def _latest(one: tuple[WindowCount, ...], other: tuple[WindowCount, ...]) -> tuple[WindowCount, ...]:
    if one == other:
        return one
    counts = {sighting.start: sighting.count for sighting in one}
    for sighting in other:
        counts[sighting.start] = max(counts.get(sighting.start, 0), sighting.count)
    return tuple(WindowCount(*item) for item in sorted(counts.items()))
