"""Hypothesis strategies for every record, built from the dataclasses' own field types."""

from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

_SCALARS = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    str: st.text(max_size=8),
    bytes: st.binary(max_size=8),
    bool: st.booleans(),
    NoneType: st.none(),
}


@cache
def values(hint):
    """Values of a field's type, as Avro can carry them."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return entries(arguments[0]) if arguments[1].is_map else values(arguments[0])
    if origin in (Union, UnionType):
        return st.one_of(*(values(branch) for branch in arguments))
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    return _SCALARS[hint] if hint in _SCALARS else named(hint)


def entries(hint):
    """A map's entries in the one order that records use."""
    key, value = get_args(get_args(hint)[0])
    return st.dictionaries(values(key), values(value), max_size=3).map(lambda mapping: tuple(sorted(mapping.items())))


def named(hint):
    """A record or a symbol."""
    if is_dataclass(hint):
        hints = get_type_hints(hint, include_extras=True)
        return st.builds(hint, **{part.name: values(hints[part.name]) for part in fields(hint)})
    assert issubclass(hint, Enum)
    return st.sampled_from(hint)
