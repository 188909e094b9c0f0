"""Suggestions without Kafka, from windows that somebody has."""

import logging
from collections import defaultdict
from collections.abc import Iterable

from schemas.records import PolicySuggestion, WorkloadWindow
from synthesizer.check import problem_of
from synthesizer.evidence import fold_all
from synthesizer.names import policy_name
from synthesizer.options import Options
from synthesizer.suggest import suggest

_log = logging.getLogger(__name__)


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


def _usable(window: WorkloadWindow) -> bool:
    problem = problem_of(window)
    if problem:
        _log.warning("a window of %s is left out: %s", window.workload.ref, problem)
    return not problem
