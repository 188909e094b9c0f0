"""A record's Avro payload put together from its fields, where many values come again from record to record.

Avro writes a record as its fields one after the other, and an array as blocks of items with a count before them
(Avro specification, "Binary encoding"), so an item's bytes can be kept and used again. fastavro writes the parts.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final, Generic, TypeVar, cast, get_args, get_origin, get_type_hints

import fastavro

from schemas.codec import without_logical_types
from schemas.convert import to_plain
from schemas.derive import type_of

T = TypeVar("T")
_Encode = Callable[[Any], bytes]
_MOST_KEPT: Final = 1 << 16
_SMALL: Final = 1 << 16


class Parts(Generic[T]):
    """One record type. The payload is the codec's; items of arrays are known again by being the same object."""

    def __init__(self, record: type[T]) -> None:
        self._encode = _of_record(record)

    def encode(self, value: T) -> bytes:
        """The Avro binary form, without a frame."""
        return self._encode(value)


def _of_record(record: type) -> _Encode:
    hints = get_type_hints(record, include_extras=True)
    parts = [(part.name, _of(hints[part.name])) for part in fields(cast("Any", record))]
    return lambda value: b"".join([encode(getattr(value, name)) for name, encode in parts])


def _of(hint: Any) -> _Encode:
    if is_dataclass(hint):
        return _of_record(cast("type", hint))
    if get_origin(hint) is not tuple:
        return _plain(hint)
    item = get_args(hint)[0]
    return _numbers(hint) if item is int else _Items(item)


def _plain(hint: Any) -> _Encode:
    """By fastavro."""
    schema, convert = fastavro.parse_schema(without_logical_types(type_of(hint))), to_plain(hint)

    def encode(value: Any) -> bytes:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, schema, convert(value))
        return buffer.getvalue()

    return encode


class _Items:
    """An array: each item's bytes are kept, with the item, so that no other can have its identity meanwhile."""

    def __init__(self, item: Any) -> None:
        self._encode = _plain(item)
        self._kept: dict[int, tuple[object, bytes]] = {}

    def __call__(self, values: Sequence[Any]) -> bytes:
        if len(self._kept) + len(values) > _MOST_KEPT:
            self._kept.clear()
        kept = self._kept
        return _array(len(values), [(kept.get(id(value)) or self._keep(value))[1] for value in values])

    def _keep(self, value: object) -> tuple[object, bytes]:
        made = self._kept[id(value)] = (value, self._encode(value))
        return made


def _array(length: int, items: Sequence[bytes]) -> bytes:
    return b"".join((_long(length), *items, b"\0")) if length else b"\0"


def _long(value: int) -> bytes:
    """A number from 0 on: zigzag doubles it; then seven bits a byte, the lowest first."""
    left, found = value << 1, bytearray()
    while left > 0x7F:  # noqa: PLR2004  seven bits
        found.append(left & 0x7F | 0x80)
        left >>= 7
    found.append(left)
    return bytes(found)


_LONGS: Final = [*map(_long, range(_SMALL)), b"\x01"]
"""Small numbers; -1 as well, since a list's item -1 is its last, and b"\\x01" is how Avro writes it."""


def _numbers(hint: Any) -> _Encode:
    """An array of numbers, most of them small."""
    plain = _plain(hint)

    def encode(values: Sequence[int]) -> bytes:
        if not values or min(values) < -1 or max(values) >= _SMALL:
            return plain(values)
        return _array(len(values), list(map(_LONGS.__getitem__, values)))

    return encode
