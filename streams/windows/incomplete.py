"""Why windows are not complete, by window and kind: few sentences, however many nodes."""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, Generic, TypeAlias, TypeVar

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


Said: TypeAlias = tuple[Kind, str]
"""A kind of defect and its detail."""
Key = TypeVar("Key")


class _Nodes(Generic[Key]):
    """Nodes by window and by what is said of them.

    A collector whose clock is set tells of an interval of years. Only the windows near its begin and near its end, and
    those that are known already, are written down; one in between learns of it when it is first asked for.
    """

    def __init__(self, length: Millis, span: Millis) -> None:
        self._length, self._most = length, span // length + 1
        self._nodes: dict[Millis, dict[Key, set[str]]] = {}
        self._long: list[tuple[range, Key, str]] = []

    def add(self, key: Key, node: str, interval: tuple[Millis, Millis], oldest: Millis) -> tuple[Millis, ...]:
        """It is said of the node in an interval; the starts, from the oldest on, of windows where that is new."""
        begin, end = interval
        starts = range(max(begin - begin % self._length, oldest), max(end, begin + 1), self._length)
        near = near_ends(starts, self._most)
        if len(near) < len(starts):
            near = sorted({*near, *(start for start in self._nodes if start in starts)})
        news = tuple(start for start in near if node not in self.at(start).get(key, ()))
        for start in news:
            self._nodes[start].setdefault(key, set()).add(node)
        if len(near) < len(starts):
            self._long.append((starts, key, node))
        return news

    def at(self, start: Millis) -> dict[Key, set[str]]:
        """What is said of nodes in a window."""
        known = self._nodes.get(start)
        if known is None:
            known = self._nodes[start] = {}
            for starts, key, node in self._long:
                if start in starts:
                    known.setdefault(key, set()).add(node)
        return known

    def forget(self, before: Millis) -> None:
        """Drop windows that began before."""
        self._nodes = {start: said for start, said in self._nodes.items() if start >= before}
        self._long = [one for one in self._long if one[0].stop > before]


def near_ends(starts: range, most: int) -> Sequence[Millis]:
    """No more starts than so many from either end."""
    return starts if len(starts) <= 2 * most else (*starts[:most], *starts[-most:])


class Reasons:
    """What is missing in each window; it only grows, save for nodes that report late after all.

    Args:
        length: Of a window.
        span: How far from the newest event time a window that is kept can lie.
    """

    def __init__(self, length: Millis, span: Millis) -> None:
        self._nodes: _Nodes[Said] = _Nodes(length, span)
        self._told: dict[Millis, set[str]] = {}

    def add(self, defect: Defect, oldest: Millis) -> tuple[Millis, ...]:
        """The starts, from the oldest on, of windows that now have one reason more."""
        return self._nodes.add((defect.kind, defect.detail), defect.node, (defect.start, defect.end), oldest)

    def restore(self, start: Millis, sentences: Iterable[str]) -> None:
        """Reasons that were told of a window before; which nodes are silent is found out anew."""
        for sentence in sentences:
            for kind, form in _FORMS.items():
                found = form.fullmatch(sentence)
                if found is not None:
                    said = (kind, found.groupdict().get("detail", ""))
                    self._nodes.at(start).setdefault(said, set()).add(found["node"])
                    break
            else:
                if not sentence.endswith(_SILENCE):
                    self._told.setdefault(start, set()).add(sentence)

    def silent(self, start: Millis, nodes: AbstractSet[str]) -> bool:
        """These nodes did not report in the window; whether that is news."""
        said, key = self._nodes.at(start), (Kind.SILENT, "")
        if said.get(key, set()) == nodes:
            return False
        said[key] = set(nodes)
        return True

    def sentences(self, start: Millis) -> tuple[str, ...]:
        """The window's reasons, sorted."""
        found = list(self._told.get(start, ()))
        for (kind, detail), nodes in self._nodes.at(start).items():
            found += [kind.value.format(nodes=name, detail=detail) for name in _spoken(sorted(nodes))]
        return tuple(sorted(set(found)))

    def forget(self, before: Millis) -> None:
        """Drop windows that began before."""
        self._nodes.forget(before)
        self._told = {start: told for start, told in self._told.items() if start >= before}


def _spoken(nodes: list[str]) -> list[str]:
    if len(nodes) <= _NAMED:
        return [f"node {node}" for node in nodes]
    return [f"{len(nodes)} nodes ({', '.join(nodes[:_NAMED])}, ...)"]


class Reported:
    """Nodes whose collectors reported, by window; length and span as for `Reasons`."""

    def __init__(self, length: Millis, span: Millis) -> None:
        self._nodes: _Nodes[None] = _Nodes(length, span)

    def add(self, batch: BatchSource, oldest: Millis) -> tuple[Millis, ...]:
        """A batch was heard; the starts, from the oldest on, of windows in which it is its node's first."""
        return self._nodes.add(None, batch.node, (batch.interval_start, batch.interval_end), oldest)

    def __getitem__(self, start: Millis) -> AbstractSet[str]:
        """The nodes of one window."""
        return self._nodes.at(start).get(None, frozenset())

    def forget(self, before: Millis) -> None:
        """Drop windows that began before."""
        self._nodes.forget(before)
