"""The status for a person: a table, and sentences under it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from rich import box
from rich.table import Table

from advisor.status.rows import Row
from advisor.suggestions.lag import GroupLag, TopicLag
from schemas.records import Millis

_HEADINGS: Final = (
    "workload", "policy", "edges\nadmitted", "windows", "with gap\nor loss", "may miss\nedges below",
    "next sighting\nis new", "seen\nsince", "last\nwindow", "lately: windows\nwith loss, nodes",
)  # fmt: skip
_UNITS: Final = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))
_LEAST: Final = 0.005


def table_of(rows: Iterable[Row], now: Millis) -> Table:
    """One row for each workload."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for heading in _HEADINGS:
        made.add_column(heading, overflow="fold")
    for row in rows:
        made.add_row(*_cells(row, now))
    return made


def notes_of(rows: Iterable[Row], groups: Iterable[GroupLag]) -> Iterator[str]:
    """Why there is no policy, what was lost lately, and how far the workers are behind."""
    known = tuple(rows)
    yield from (f"{row.ref}: no policy: {row.reason}" for row in known if row.reason)
    lost: dict[str, list[Row]] = defaultdict(list)
    for row in known:
        for sentence in row.because:
            lost[sentence].append(row)
    yield from (f"lost lately: {sentence} ({_workloads(found)})" for sentence, found in sorted(lost.items()))
    yield from (_standing(group) for group in groups)


def span(millis: Millis) -> str:
    """A length of time in its largest unit."""
    for unit, size in _UNITS:
        if millis >= size:
            return f"{millis // size} {unit}"
    return "0 s"


def _cells(row: Row, now: Millis) -> tuple[str, ...]:
    lately = f"{len(row.incomplete)} of {len(row.windows)}, {len(row.nodes)}" if row.windows else "none"
    if row.suggestion is None:
        return (str(row.ref), "-", "-", "-", "-", "-", "-", "-", "-", lately)
    proof, coverage = row.suggestion.proof, row.suggestion.coverage
    return (
        str(row.ref),
        f"revision {row.suggestion.revision}" if row.suggestion.policy else "none",
        f"{proof.admitted} of {proof.observed}" if row.suggestion.policy else "-",
        str(coverage.windows),
        str(coverage.incomplete_windows),
        f"{coverage.unseen_share:.0%}",
        _share(coverage.new_edge_probability),
        span(now - row.suggestion.first_window),
        f"{span(now - row.suggestion.last_window)} ago",
        lately,
    )


def _share(probability: float) -> str:
    return "under 1%" if 0 < probability < _LEAST else f"{probability:.0%}"


def _workloads(rows: list[Row]) -> str:
    return str(rows[0].ref) if len(rows) == 1 else f"{len(rows)} workloads"


def _standing(group: GroupLag) -> str:
    behind = ", ".join(_behind(one) for one in group.topics)
    return f"{group.program}: {_members(group.members)}; not done yet: {behind}"


def _members(count: int) -> str:
    return {0: "nobody runs it", 1: "1 process"}.get(count, f"{count} processes")


def _behind(one: TopicLag) -> str:
    plural = "" if one.untouched == 1 else "s"
    never = f" (nothing done of {one.untouched} partition{plural})" if one.untouched else ""
    return f"{one.records} of {one.topic}{never}"
