"""Between a record's dataclass and the plain values that fastavro writes and reads.

The conversions are built once per record type, so that columns of numbers pass without being looked at.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from schemas.derive import NAMESPACE

Conversion = Callable[[Any], Any]
_PLAIN = (bool, int, float, str, bytes)


def _same(value: Any) -> Any:
    return value


def to_plain(hint: Any) -> Conversion:
    """The conversion from a field's Python value to what fastavro writes."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return dict if arguments[1].is_map else to_plain(arguments[0])
    if origin in (Union, UnionType):
        return _union_to_plain(arguments)
    if origin is tuple:
        return _items_to_plain(to_plain(arguments[0]))
    return _scalar_to_plain(hint)


def _items_to_plain(inner: Conversion) -> Conversion:
    if inner is _same:
        return _same
    return lambda values: [inner(value) for value in values]


def _scalar_to_plain(hint: Any) -> Conversion:
    if hint in _PLAIN:
        return _same
    if is_dataclass(hint):
        return record_to_plain(cast("type", hint))
    if issubclass(hint, Enum):
        return lambda value: value.value
    raise TypeError(f"no conversion for {hint!r}")


def record_to_plain(record: type) -> Conversion:
    """The conversion from a record to a dict."""
    hints = get_type_hints(record, include_extras=True)
    parts = tuple((part.name, to_plain(hints[part.name])) for part in fields(record))
    return lambda value: {name: convert(getattr(value, name)) for name, convert in parts}


def _union_to_plain(branches: tuple[Any, ...]) -> Conversion:
    conversions = {branch: to_plain(branch) for branch in branches if branch is not NoneType}
    if len(conversions) < len(branches):
        (inner,) = conversions.values()
        return lambda value: None if value is None else inner(value)
    names = {branch: f"{NAMESPACE}.{branch.__name__}" for branch in conversions}
    return lambda value: (names[type(value)], conversions[type(value)](value))


def from_plain(hint: Any) -> Conversion:
    """The conversion from what fastavro reads to a field's Python value."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _sorted_items if arguments[1].is_map else from_plain(arguments[0])
    if origin in (Union, UnionType):
        return _union_from_plain(arguments)
    if origin is tuple:
        return _items_from_plain(from_plain(arguments[0]))
    return _scalar_from_plain(hint)


def _sorted_items(mapping: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(mapping.items()))


def _items_from_plain(inner: Conversion) -> Conversion:
    if inner is _same:
        return tuple
    return lambda values: tuple([inner(value) for value in values])


def _scalar_from_plain(hint: Any) -> Conversion:
    if hint in _PLAIN:
        return _same
    if is_dataclass(hint):
        return record_from_plain(cast("type", hint))
    if issubclass(hint, Enum):
        members = {member.value: member for member in hint}
        return members.__getitem__
    raise TypeError(f"no conversion for {hint!r}")


def record_from_plain(record: type) -> Conversion:
    """The conversion from a dict to a record."""
    hints = get_type_hints(record, include_extras=True)
    parts = tuple((part.name, from_plain(hints[part.name])) for part in fields(record))
    return lambda value: record(*[convert(value[name]) for name, convert in parts])


def _union_from_plain(branches: tuple[Any, ...]) -> Conversion:
    conversions = {branch: from_plain(branch) for branch in branches if branch is not NoneType}
    if len(conversions) < len(branches):
        (inner,) = conversions.values()
        return lambda value: None if value is None else inner(value)
    named = {f"{NAMESPACE}.{branch.__name__}": convert for branch, convert in conversions.items()}
    return lambda value: named[value[0]](value[1])
