"""Why windows are not complete, by window and kind: few sentences, however many nodes."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from schemas.records import BatchSource, Millis
from streams.windows.ledger import Defect, Kind

_NAMED: Final = 5
"""Nodes that are named one by one; of more, the first are named beside their number."""

_FORMS: Final = {
    kind: re.compile(
        re.escape(kind.value).replace(r"\{nodes\}", r"node (?P<node>\S+)").replace(r"\{detail\}", "(?P<detail>.+)")
    )
    for kind in Kind
    if kind is not Kind.SILENT
}
_SILENCE: Final = Kind.SILENT.value.partition("}")[2]


class Reasons:
    """What is missing in each window; it only grows, save for nodes that report late after all."""

    def __init__(self, length: Millis) -> None:
        self._length = length
        self._nodes: dict[Millis, dict[tuple[Kind, str], set[str]]] = {}
        self._told: dict[Millis, set[str]] = {}

    def add(self, defect: Defect, oldest: Millis) -> set[Millis]:
        """The starts, from the oldest on, of windows that now have one reason more."""
        start = max(defect.start - defect.start % self._length, oldest)
        changed: set[Millis] = set()
        while start < max(defect.end, defect.start + 1):
            nodes = self._of(start).setdefault((defect.kind, defect.detail), set())
            if defect.node not in nodes:
                nodes.add(defect.node)
                changed.add(start)
            start += self._length
        return changed

    def restore(self, start: Millis, sentences: Iterable[str]) -> None:
        """Reasons that were told of a window before; which nodes are silent is found out anew."""
        for sentence in sentences:
            for kind, form in _FORMS.items():
                found = form.fullmatch(sentence)
                if found is not None:
                    self._of(start).setdefault((kind, found.groupdict().get("detail", "")), set()).add(found["node"])
                    break
            else:
                if not sentence.endswith(_SILENCE):
                    self._told.setdefault(start, set()).add(sentence)

    def silent(self, start: Millis, nodes: AbstractSet[str]) -> bool:
        """These nodes did not report in the window; whether that is news."""
        key = (Kind.SILENT, "")
        if self._nodes.get(start, {}).get(key, set()) == nodes:
            return False
        self._of(start)[key] = set(nodes)
        return True

    def sentences(self, start: Millis) -> tuple[str, ...]:
        """The window's reasons, sorted."""
        found = list(self._told.get(start, ()))
        for (kind, detail), nodes in self._nodes.get(start, {}).items():
            found += [kind.value.format(nodes=name, detail=detail) for name in _spoken(sorted(nodes))]
        return tuple(sorted(set(found)))

    def forget(self, before: Millis) -> None:
        """Drop windows that began before."""
        for start in [start for start in self._nodes if start < before]:
            del self._nodes[start]
        self._told = {start: told for start, told in self._told.items() if start >= before}

    def _of(self, start: Millis) -> dict[tuple[Kind, str], set[str]]:
        return self._nodes.setdefault(start, {})


def _spoken(nodes: list[str]) -> list[str]:
    if len(nodes) <= _NAMED:
        return [f"node {node}" for node in nodes]
    return [f"{len(nodes)} nodes ({', '.join(nodes[:_NAMED])}, ...)"]


class Reported:
    """Nodes whose collectors reported, by window."""

    def __init__(self, length: Millis) -> None:
        self._length = length
        self._nodes: dict[Millis, set[str]] = defaultdict(set)

    def add(self, batch: BatchSource, oldest: Millis) -> tuple[Millis, ...]:
        """A batch was heard; the starts, from the oldest on, of windows in which it is its node's first."""
        begin = batch.interval_start
        start = max(begin - begin % self._length, oldest)
        starts = range(start, max(batch.interval_end, begin + 1), self._length)
        first = tuple(one for one in starts if batch.node not in self._nodes[one])
        for one in first:
            self._nodes[one].add(batch.node)
        return first

    def __getitem__(self, start: Millis) -> AbstractSet[str]:
        """The nodes of one window."""
        return self._nodes.get(start, frozenset())

    def forget(self, before: Millis) -> None:
        """Drop windows that began before."""
        kept: Mapping[Millis, set[str]] = {start: nodes for start, nodes in self._nodes.items() if start >= before}
        self._nodes = defaultdict(set, kept)
