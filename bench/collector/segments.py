"""How many bytes Kafka keeps: reads the sizes of record batches from a partition's log.

Layout: Kafka's protocol guide, "Record Batch" (magic 2): base offset, length of what follows, leader epoch, magic, CRC,
attributes, last offset delta. What is stored is what the producer sent, compressed.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HEADER: Final = struct.Struct(">qiibIhi")
_BEFORE_LENGTH_ENDS: Final = 12


@dataclass(frozen=True, slots=True)
class Stored:
    """One record batch.

    Attributes:
        first: Offset of its first record.
        last: Offset of its last record.
        size: Bytes of all of it.
    """

    first: int
    last: int
    size: int


def stored(data: bytes) -> Iterator[Stored]:
    """The record batches of a log segment; what is not written to its end yet is left out."""
    position = 0
    while position + _HEADER.size <= len(data):
        base, length, _epoch, _magic, _crc, _attributes, delta = _HEADER.unpack_from(data, position)
        size = _BEFORE_LENGTH_ENDS + length
        if length <= 0 or position + size > len(data):
            return
        yield Stored(base, base + delta, size)
        position += size


def stored_in(partition: Path) -> tuple[Stored, ...]:
    """The record batches of a partition, in order."""
    segments = sorted(partition.glob("*.log"))
    return tuple(batch for segment in segments for batch in stored(segment.read_bytes()))
