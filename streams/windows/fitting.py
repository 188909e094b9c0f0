"""A window as a record that Kafka takes: what has no room is left out, and the record says so.

A client that tries every port of a cluster makes an edge of each; its window must not stop the worker that all others
share. What was only tried goes first: it is never evidence for a rule.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from schemas.records import Edge, WorkloadWindow

LEFT_OUT: Final = "edges had no room in the record"
"""Of a window's own edges, so of no other window of that time."""


def fitted(window: WorkloadWindow, write: Callable[[WorkloadWindow], bytes], most: int) -> bytes:
    """The framed record, at most so many bytes if leaving out edges can do it."""
    value = write(window)
    if len(value) <= most:
        return value
    kept = tuple(edge for edge in window.edges if edge.established)
    while len(value := write(_with(window, kept))) > most and kept:
        kept = kept[: len(kept) * most // len(value) * 9 // 10]
    return value


def _with(window: WorkloadWindow, kept: tuple[Edge, ...]) -> WorkloadWindow:
    left_out = window.left_out + len(window.edges) - len(kept)
    because = tuple(sorted({*window.incomplete_because, LEFT_OUT}))
    return replace(window, edges=kept, left_out=left_out, complete=False, incomplete_because=because)
