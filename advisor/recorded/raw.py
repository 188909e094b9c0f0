"""Raw connections as the batches that collectors would have made of them, in an order that no shuffling changes."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from schemas.records import Connection, ConnectionBatch, Connections

INTERVAL_MS: Final = 10_000
"""What one batch covers: the drain of a large cluster."""

_Seen = tuple[str, Connection]


def batches_of(connections: Mapping[str, Iterable[Connection]], cluster: str) -> Iterator[ConnectionBatch]:
    """Batches in the order of time, cut by `last_seen`; each node has one boot.

    Args:
        connections: By node, each node's connections sorted.
        cluster: The cluster's name.
    """
    seen = sorted(((node, one) for node, rows in connections.items() for one in rows), key=_interval)
    sequences: dict[str, int] = {}
    for (index, node), group in groupby(seen, key=_interval):
        start = index * INTERVAL_MS
        rows = Connections.of((connection for _, connection in group), start)
        sequence = sequences.get(node, 0)
        sequences[node] = sequence + 1
        yield ConnectionBatch(cluster, node, "recorded", sequence, start, start + INTERVAL_MS, rows)


def _interval(seen: _Seen) -> tuple[int, str]:
    return seen[1].last_seen // INTERVAL_MS, seen[0]
