"""Recorded connections as the batches that a collector would have made of them: a pure function of the lines.

The batches' names (node, boot, sequence) depend on the connections alone, not on the order of the lines, so that a
replay of the same recording is a repetition, which everything downstream drops.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple
from itertools import groupby
from typing import Final, TypeAlias

from collector.batch import chunks, numbered
from collector.recorded import BadLine, read_raw
from schemas.records import Connection, ConnectionBatch, Connections

BATCH_ROWS: Final = 10_000
_Seen: TypeAlias = tuple[str, Connection]


def batches_of(
    lines: Iterable[str],
    cluster: str,
    interval_ms: int,
    on_bad: Callable[[BadLine], None],
    batch_rows: int = BATCH_ROWS,
) -> Iterator[ConnectionBatch]:
    """Batches per node, cut by `last_seen`, in the order of their intervals.

    Args:
        lines: JSON lines in the raw form.
        cluster: The cluster's name.
        interval_ms: What one batch covers.
        on_bad: Takes each line that is no connection.
        batch_rows: Edges in one batch at most.
    """

    def interval(seen: _Seen) -> tuple[int, str]:
        return seen[1].last_seen // interval_ms, seen[0]

    seen = sorted(read_raw(lines, on_bad), key=lambda one: (interval(one), _order(one)))
    boot_id = _boot_id(seen)
    sequences: dict[str, int] = {}
    for (index, node), group in groupby(seen, key=interval):
        start = index * interval_ms
        template = ConnectionBatch(cluster, node, boot_id, sequences.get(node, 0), start, start + interval_ms)
        parts = (Connections.of(part, start) for part in chunks([connection for _, connection in group], batch_rows))
        for batch in numbered(template, parts):
            sequences[node] = batch.sequence + 1
            yield batch


def _order(seen: _Seen) -> str:
    return repr(astuple(seen[1]))


def _boot_id(seen: Iterable[_Seen]) -> str:
    digest = hashlib.sha256()
    for one in seen:
        digest.update(f"{one[0]} {_order(one)}\n".encode())
    return f"replay-{digest.hexdigest()[:32]}"
