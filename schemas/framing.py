"""How a payload says which schema it was written with.

Single-object encoding (Avro specification, "Single-object encoding"): C3 01, then the CRC-64-AVRO fingerprint.
Confluent wire format: 00, then the registry's schema id in four bytes, big-endian.
A writer uses one of them; a reader accepts both.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from schemas.codec import AvroSchema, BadRecord, Codec, codec

T = TypeVar("T")

SINGLE_OBJECT: Final = b"\xc3\x01"
CONFLUENT: Final = b"\x00"
_FINGERPRINT_END: Final = len(SINGLE_OBJECT) + 8
_ID_END: Final = len(CONFLUENT) + 4


class WriterSchemas(Protocol):
    """Where a reader finds the schema that a record was written with."""

    def by_fingerprint(self, fingerprint: bytes) -> AvroSchema:
        """The schema; raises BadRecord if nobody has published it."""

    def by_id(self, schema_id: int) -> AvroSchema:
        """The registry's schema; raises BadRecord if it has none, or none is configured."""


class Prefix(Protocol):
    """What a writer puts before a payload."""

    def __call__(self, topic: str, schema: AvroSchema) -> bytes:
        """The bytes that name the schema of a value of the topic."""


def single_object_prefix(topic: str, schema: AvroSchema) -> bytes:  # noqa: ARG001  the topic plays no part in it
    """Marker and fingerprint."""
    return SINGLE_OBJECT + schema.fingerprint


def confluent_prefix(id_of: Callable[[str, AvroSchema], int]) -> Prefix:
    """Marker and id; `id_of` gives the id under which a schema is registered for a topic's values."""

    def prefix(topic: str, schema: AvroSchema) -> bytes:
        return CONFLUENT + struct.pack(">I", id_of(topic, schema))

    return prefix


@dataclass(frozen=True, slots=True)
class Framed:
    """A record's bytes, taken apart.

    Attributes:
        payload: Avro binary form.
        fingerprint: Of the writer's schema, if single-object.
        schema_id: Of the writer's schema, if Confluent.
    """

    payload: bytes
    fingerprint: bytes | None = None
    schema_id: int | None = None


def unframe(data: bytes) -> Framed:
    """Take the frame off; raises BadRecord if there is none that we know."""
    if data.startswith(SINGLE_OBJECT) and len(data) >= _FINGERPRINT_END:
        return Framed(data[_FINGERPRINT_END:], fingerprint=data[len(SINGLE_OBJECT) : _FINGERPRINT_END])
    if data.startswith(CONFLUENT) and len(data) >= _ID_END:
        return Framed(data[_ID_END:], schema_id=struct.unpack(">I", data[len(CONFLUENT) : _ID_END])[0])
    raise BadRecord(f"neither single-object nor Confluent framing: {len(data)} bytes begin {data[:8].hex()}")


class OwnSchemas:
    """The schemas compiled into this program, and no others."""

    def __init__(self, *records: type) -> None:
        self._known = {codec(record).schema.fingerprint: codec(record).schema for record in records}

    def by_fingerprint(self, fingerprint: bytes) -> AvroSchema:
        """The schema; raises BadRecord if it is not ours."""
        try:
            return self._known[fingerprint]
        except KeyError:
            raise BadRecord(f"unknown schema fingerprint {fingerprint.hex()}") from None

    def by_id(self, schema_id: int) -> AvroSchema:
        """Always raises BadRecord: ids are a registry's."""
        raise BadRecord(f"schema id {schema_id}, but no Schema Registry is configured")


class Writer(Generic[T]):
    """Turns records of one topic into bytes; `encode` is another way to the bytes that the codec writes."""

    def __init__(
        self,
        topic: str,
        record: type[T],
        prefix: Prefix = single_object_prefix,
        encode: Callable[[T], bytes] | None = None,
    ) -> None:
        known: Codec[T] = codec(record)
        self._encode = known.encode if encode is None else encode
        self._prefix = prefix(topic, known.schema)

    def __call__(self, value: T) -> bytes:
        """The framed record."""
        return self._prefix + self._encode(value)

    def frame(self, payload: bytes) -> bytes:
        """The framed record whose payload is written already."""
        return self._prefix + payload


class Reader(Generic[T]):
    """Turns bytes of either framing into records of one type."""

    def __init__(self, record: type[T], schemas: WriterSchemas | None = None) -> None:
        self._codec: Codec[T] = codec(record)
        self._schemas: WriterSchemas = OwnSchemas(record) if schemas is None else schemas
        self._own = SINGLE_OBJECT + self._codec.schema.fingerprint

    def __call__(self, data: bytes) -> T:
        """The record; raises BadRecord with the reason if there is none."""
        if data.startswith(self._own):
            return self._codec.decode(data[_FINGERPRINT_END:])
        framed = unframe(data)
        if framed.fingerprint is not None:
            writer = self._schemas.by_fingerprint(framed.fingerprint)
        else:
            writer = self._schemas.by_id(framed.schema_id or 0)
        if writer.name != self._codec.schema.name:
            raise BadRecord(f"a {writer.name} where a {self._codec.schema.name} is expected")
        return self._codec.decode(framed.payload, writer)
