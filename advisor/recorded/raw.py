"""Raw connections, some thousands at a time, through enrichment into the windows of a recording.

What becomes of a connection depends on it and on the objects alone, so neither order nor grouping plays a part.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from advisor.recorded.windows import CLUSTER, WINDOW_MS, WindowFold
from schemas.records import Connection, ConnectionBatch, Connections
from streams.directory.directory import Directory
from streams.offline import analyse

INTERVAL_MS: Final = 10_000
"""What one batch covers: the drain of a large cluster."""

CHUNK: Final = 20_000
"""Connections kept before they become edges: some 10 MiB."""

_Seen = tuple[str, Connection]


class RawFold:
    """Takes raw connections in any order.

    Attributes:
        unresolved: Connections whose own end the objects do not hold, by reason; complete after `flush`.
        ignored: Connections that no policy concerns, by reason; complete after `flush`.

    Args:
        directory: Whose addresses are known.
        windows: Where the edges go.
    """

    def __init__(self, directory: Directory, windows: WindowFold) -> None:
        self._directory = directory
        self._windows = windows
        self._rows: dict[str, list[Connection]] = {}
        self._waiting = 0
        self.unresolved: Counter[str] = Counter()
        self.ignored: Counter[str] = Counter()

    def add(self, node: str, connection: Connection) -> None:
        """One connection that the node saw."""
        self._rows.setdefault(node, []).append(connection)
        self._waiting += 1
        if self._waiting >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Make edges of all that wait."""
        offline = analyse(batches_of(self._rows), self._directory, WINDOW_MS, CLUSTER)
        for window in offline.windows:
            for edge in window.edges:
                self._windows.add(window.workload, edge, window.start)
        self.unresolved.update(dict(offline.unresolved))
        self.ignored.update(dict(offline.ignored))
        self._rows, self._waiting = {}, 0


def batches_of(connections: Mapping[str, Iterable[Connection]]) -> Iterator[ConnectionBatch]:
    """Each node's connections as batches of one boot, cut by `last_seen`, in the order of time."""
    seen = sorted(((node, one) for node, rows in connections.items() for one in rows), key=_interval)
    sequences: Counter[str] = Counter()
    for (index, node), group in groupby(seen, key=_interval):
        start = index * INTERVAL_MS
        rows = Connections.of((connection for _, connection in group), start)
        yield ConnectionBatch(CLUSTER, node, "recorded", sequences[node], start, start + INTERVAL_MS, rows)
        sequences[node] += 1


def _interval(seen: _Seen) -> tuple[int, str]:
    return seen[1].last_seen // INTERVAL_MS, seen[0]
