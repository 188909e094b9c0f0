"""Edges in arrays as Avro payloads of `WorkloadEdges`, the very bytes that the codec writes: `Payloads`."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Final, get_args, get_type_hints

import numpy as np

from schemas.encode import array, encoder
from schemas.longs import arrays, long
from schemas.records import EdgeColumns, WorkloadEdges
from streams.edges.pack import BYTES, Packed

_FIELDS: Final = tuple(field.name for field in fields(WorkloadEdges))
_COLUMNS: Final = tuple(field.name for field in fields(EdgeColumns))
_TABLES: Final = ("workloads", "peers", "services", "nodes")
_EMPTY: Final = b"\0"
"""Of an array, and of bytes."""


class Payloads:
    """Writes payloads; what comes again from record to record is encoded once."""

    def __init__(self) -> None:
        hints = get_type_hints(WorkloadEdges)
        self._cluster = encoder(hints["cluster"])
        self._sources = encoder(hints["sources"])
        self._items = [encoder(get_args(hints[name])[0]) for name in _TABLES]

    def __call__(self, packed: Packed) -> Iterator[tuple[int, bytes]]:
        """Each partition's."""
        columns = {name: _written(packed, name) for name in _COLUMNS}
        tables = packed.tables.all
        for table, write in zip(tables, self._items, strict=True):
            table.written += map(write, table.values[len(table.written) :])
        encoded = {"cluster": self._cluster(packed.tables.cluster), "sources": self._sources(packed.sources)}
        for part in packed.parts:
            for name, table in zip(_TABLES, tables, strict=True):
                encoded[name] = array([*map(table.written.__getitem__, getattr(part, name))])
            rows = {name: next(column) for name, column in columns.items()}
            encoded["edges"] = b"".join([rows[name] if packed.has(part, name) else _EMPTY for name in _COLUMNS])
            yield part.partition, b"".join([encoded[name] for name in _FIELDS])


def _written(packed: Packed, name: str) -> Iterator[bytes]:
    """A column of each partition."""
    column, rows = packed.columns[name], [part.rows for part in packed.parts]
    if name not in BYTES:
        return arrays(column, [one.stop for one in rows])
    codes = column.astype(np.uint8).tobytes()
    return (long(one.stop - one.start) + codes[one] for one in rows)
