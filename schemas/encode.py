"""A type's encoder, made once from its fields' types: the bytes that fastavro writes, in a third of the time.

fastavro needs a dict for each record and a buffer for each value; where values are written one by one, since their
bytes are kept, that is most of the work (Avro specification, "Binary encoding").
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

from schemas.longs import long

Encode: TypeAlias = Callable[[Any], bytes]
_SMALL: Final = 1 << 12
_LONGS: Final = [long(value) for value in range(_SMALL)]
_BOOLEANS: Final = (b"\0", b"\1")


def encoder(hint: Any) -> Encode:
    """Writes values of a type that a field of a record may have; raises TypeError for a type that none has."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _map(arguments[0]) if arguments[1].is_map else encoder(arguments[0])
    if origin in (Union, UnionType):
        return _union(arguments)
    if origin is tuple:
        return _array(encoder(arguments[0]))
    if is_dataclass(hint):
        return _record(cast("type", hint))
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {member: long(number) for number, member in enumerate(hint)}.__getitem__
    raise TypeError(f"no encoder for {hint!r}")


def array(items: Sequence[bytes]) -> bytes:
    """An array of items that are written already."""
    return b"".join((_long(len(items)), *items, b"\0")) if items else b"\0"


def _long(value: int) -> bytes:
    return _LONGS[value] if 0 <= value < _SMALL else long(value)


def _text(value: str) -> bytes:
    data = value.encode()
    return _long(len(data)) + data


def _bytes(value: bytes) -> bytes:
    return _long(len(value)) + value


_SCALARS: Final[dict[Any, Encode]] = {
    bool: _BOOLEANS.__getitem__, bytes: _bytes, float: struct.Struct("<d").pack, int: _long, str: _text,
}  # fmt: skip


def _record(record: type) -> Encode:
    hints = get_type_hints(record, include_extras=True)
    names = [part.name for part in fields(cast("Any", record))]
    encoders = [encoder(hints[name]) for name in names]
    if len(names) <= 1:
        return lambda value: b"".join(
            [write(getattr(value, name)) for write, name in zip(encoders, names, strict=True)]
        )
    take = attrgetter(*names)
    return lambda value: b"".join([write(part) for write, part in zip(encoders, take(value), strict=True)])


def _array(item: Encode) -> Encode:
    return lambda values: array([*map(item, values)])


def _map(hint: Any) -> Encode:
    """From pairs, as records hold them."""
    key, value = map(encoder, get_args(get_args(hint)[0]))
    return lambda pairs: array([key(name) + value(content) for name, content in dict(pairs).items()])


def _union(branches: tuple[Any, ...]) -> Encode:
    """Null comes first in our schemas, the others in their order."""
    in_order = sorted(branches, key=lambda branch: branch is not NoneType)
    writes: dict[type, tuple[bytes, Encode]] = {
        branch: (long(number), _nothing if branch is NoneType else encoder(branch))
        for number, branch in enumerate(in_order)
    }

    def encode(value: Any) -> bytes:
        branch, write = writes[type(value)]
        return branch + write(value)

    return encode


def _nothing(_: None) -> bytes:
    return b""
