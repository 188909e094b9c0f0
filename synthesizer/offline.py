"""Suggestions without Kafka: from windows, or from edges that somebody recorded."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.records import Edge, PolicySuggestion, Workload, WorkloadRef, WorkloadWindow
from synthesizer.check import problem_of
from synthesizer.evidence import fold_all
from synthesizer.names import policy_name
from synthesizer.options import Options
from synthesizer.suggest import suggest

_log = logging.getLogger(__name__)

WINDOW_MS: Final = 300_000
"""Length of the windows that recorded edges are put into: that of `stream`."""


@dataclass(frozen=True, slots=True)
class RecordedEdge:
    """One edge of a workload as a file has it.

    Attributes:
        workload: Whose edge.
        edge: The edge; its `first_seen` (ms) says into which window it goes.
    """

    workload: Workload
    edge: Edge


def suggestions_of(windows: Iterable[WorkloadWindow], options: Options | None = None) -> tuple[PolicySuggestion, ...]:
    """One suggestion for each workload, sorted by namespace, name and kind; the same for any order of windows.

    A window that cannot be used is logged and left out.
    """
    evidence = fold_all(window for window in windows if _usable(window))
    kinds: dict[tuple[str, str], list[str]] = defaultdict(list)
    for ref in evidence:
        kinds[ref.namespace, ref.name].append(ref.kind)
    return tuple(
        suggest(evidence[ref], options or Options(), policy_name(ref, kinds[ref.namespace, ref.name]))
        for ref in sorted(evidence, key=lambda ref: (ref.namespace, ref.name, ref.kind))
    )


def windows_from_edges(
    recorded: Iterable[RecordedEdge], cluster: str = "default", window_ms: int = WINDOW_MS
) -> tuple[WorkloadWindow, ...]:
    """Windows that hold the edges; an edge recorded twice, letter for letter, counts once."""
    grouped: dict[tuple[WorkloadRef, int], list[RecordedEdge]] = defaultdict(list)
    for one in dict.fromkeys(recorded):
        grouped[one.workload.ref, one.edge.first_seen // window_ms * window_ms].append(one)
    return tuple(_window(cluster, start, window_ms, group) for (_, start), group in sorted(grouped.items()))


def _window(cluster: str, start: int, window_ms: int, group: list[RecordedEdge]) -> WorkloadWindow:
    newest = max(group, key=lambda one: (one.edge.last_seen, one.workload.host_network, one.workload.selector))
    return WorkloadWindow(
        cluster=cluster,
        workload=newest.workload,
        start=start,
        end=start + window_ms,
        revision=1,
        final=True,
        complete=True,
        incomplete_because=(),
        sources=(),
        edges=tuple(one.edge for one in group),
    )


def _usable(window: WorkloadWindow) -> bool:
    problem = problem_of(window)
    if problem:
        _log.warning("a window of %s is left out: %s", window.workload.ref, problem)
    return not problem
