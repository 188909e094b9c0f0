"""A record's Avro payload put together from its fields, where many values come again from record to record.

Avro writes a record as its fields one after the other, and an array as blocks of items with a count before them
(Avro specification, "Binary encoding"), so an item's bytes can be kept and used again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, Generic, TypeVar, cast, get_args, get_origin, get_type_hints

from schemas.encode import Encode, array, encoder

T = TypeVar("T")
_MOST_KEPT: Final = 1 << 16


class Parts(Generic[T]):
    """One record type. The payload is the codec's; items of arrays are known again by being the same object.

    Args:
        record: The type.
        new: Fields whose items hardly ever come again: they are written in one go.

    Attributes:
        fields: The encoder of each field, in the order in which their bytes make the payload.
    """

    def __init__(self, record: type[T], new: Collection[str] = ()) -> None:
        hints = get_type_hints(record, include_extras=True)
        self.fields: Mapping[str, Encode] = {
            part.name: encoder(hints[part.name]) if part.name in new else _of(hints[part.name])
            for part in fields(cast("Any", record))
        }

    def encode(self, value: T) -> bytes:
        """The Avro binary form, without a frame."""
        return b"".join([encode(getattr(value, name)) for name, encode in self.fields.items()])


def _of(hint: Any) -> Encode:
    item = get_args(hint)[0] if get_origin(hint) is tuple else int
    return encoder(hint) if item is int else _Items(item)


class _Items:
    """An array: each item's bytes are kept, with the item, so that no other can have its identity meanwhile."""

    def __init__(self, item: Any) -> None:
        self._encode = encoder(item)
        self._kept: dict[int, tuple[object, bytes]] = {}

    def __call__(self, values: Sequence[Any]) -> bytes:
        if len(self._kept) + len(values) > _MOST_KEPT:
            self._kept.clear()
        kept = self._kept
        return array([(kept.get(id(value)) or self._keep(value))[1] for value in values])

    def _keep(self, value: object) -> tuple[object, bytes]:
        made = self._kept[id(value)] = (value, self._encode(value))
        return made
