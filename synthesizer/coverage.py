"""How much of a workload's behaviour has probably been seen: incidence-based Good-Turing over windows.

Good (1953); Chao and Jost (2012) for incidence data: of all sightings (an edge in a window), the share of edges seen
in exactly one window estimates how much of the next window's sightings will be new. Where no edge was seen only once
the estimate is 0 however few the windows are, so a bound stands beside it: the rule of three (Hanley and Lippman-Hand,
1983).
"""

from typing import Final

from schemas.records import Coverage
from synthesizer.evidence import Evidence

_RULE_OF_THREE: Final = 3.0


def coverage_of(evidence: Evidence) -> Coverage:
    """The estimate, with its sentence."""
    seen_in = [edge.total_windows for edge in evidence.edges.values() if edge.established]
    windows = evidence.windows + len(evidence.recent_windows)
    incomplete = evidence.incomplete_windows + sum(one.count for one in evidence.recent_windows)
    once, sightings = seen_in.count(1), sum(seen_in)
    probability = once / sightings if sightings else 1.0
    share = min(1.0, _RULE_OF_THREE / windows) if windows else 1.0
    sentence = _estimate(windows, once, sightings, share) + _gaps(windows, incomplete)
    return Coverage(windows, sightings, once, probability, incomplete, sentence, share)


def _gaps(windows: int, incomplete: int) -> str:
    return f"; {incomplete} of {windows} windows had a gap or a loss" if incomplete else ""


def _estimate(windows: int, once: int, sightings: int, share: float) -> str:
    if not sightings:
        return "no connection has been seen yet"
    if windows < 2:  # noqa: PLR2004  nothing can recur in one window
        return "only one window has been seen: too early to say what is still missing"
    if not once:
        rarer = f"one that occurs in fewer than {share:.0%} of windows may still be unseen"
        return f"every edge was seen in more than one of {windows} windows; {rarer}"
    if once * 2 > windows:
        return "nearly every window may still show an edge not yet seen"
    return f"about 1 in {round(windows / once)} windows may still show an edge not yet seen"
