"""One record type's Avro payload: its schema, its fingerprint, and both directions.

fastavro carries the bytes; the `avro` package computes the fingerprint that single-object encoding names a schema by.
"""

import io
import json
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import avro.schema
import fastavro

from schemas.convert import Conversion, record_from_plain, record_to_plain
from schemas.derive import AVSC, NAMESPACE, file_name

T = TypeVar("T")


class BadRecord(ValueError):  # noqa: N818  a value that is counted and dead-lettered, not a failure of the program
    """Bytes that are not the record they should be; the text says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class AvroSchema:
    """A parsed schema, ours or a writer's.

    Attributes:
        text: As published.
        name: The record's full name.
        fingerprint: CRC-64-AVRO of the parsing canonical form, 8 bytes little-endian as on the wire.
        parsed: What fastavro reads and writes with; logical types are left out, so times stay numbers.
    """

    text: str
    name: str
    fingerprint: bytes
    parsed: Any = field(compare=False, repr=False)


def parse_schema(text: str) -> AvroSchema:
    """Parse a schema; raises BadRecord if the text is none."""
    try:
        document = json.loads(text)
        fingerprint = avro.schema.parse(text).fingerprint("CRC-64-AVRO")
        parsed = fastavro.parse_schema(without_logical_types(document))
    except Exception as error:  # both libraries raise many types for a bad schema
        raise BadRecord(f"not an Avro schema: {error}") from error
    return AvroSchema(text, f"{document.get('namespace', NAMESPACE)}.{document['name']}", fingerprint, parsed)


def without_logical_types(value: Any) -> Any:
    """A schema whose times stay numbers."""
    if isinstance(value, dict):
        kept = {key: without_logical_types(inner) for key, inner in value.items() if key != "logicalType"}
        return kept["type"] if kept.keys() == {"type"} else kept
    return [without_logical_types(inner) for inner in value] if isinstance(value, list) else value


class Codec(Generic[T]):
    """The payload of one record type."""

    def __init__(self, record: type[T]) -> None:
        self.record = record
        self.schema = parse_schema((AVSC / file_name(record)).read_text())
        self._to_plain: Conversion = record_to_plain(record)
        self._from_plain: Conversion = record_from_plain(record)

    def encode(self, value: T) -> bytes:
        """The Avro binary form, without a frame."""
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, self.schema.parsed, self._to_plain(value))
        return buffer.getvalue()

    def decode(self, payload: bytes, writer: AvroSchema | None = None) -> T:
        """The record that the payload holds.

        Args:
            payload: Avro binary form, without a frame.
            writer: The schema it was written with; ours if not given.

        Raises:
            BadRecord: The payload is not such a record, or bytes are left over.
        """
        buffer = io.BytesIO(payload)
        wrote = self.schema if writer is None else writer
        resolve = None if wrote.fingerprint == self.schema.fingerprint else self.schema.parsed
        try:
            plain = fastavro.schemaless_reader(
                buffer, wrote.parsed, resolve, return_record_name=True, return_record_name_override=True
            )
            record: T = self._from_plain(plain)
        except Exception as error:  # fastavro raises EOFError, IndexError, ValueError, UnicodeError and its own
            raise BadRecord(f"not a {self.record.__name__}: {type(error).__name__}: {error}") from error
        if buffer.tell() != len(payload):
            raise BadRecord(f"{len(payload) - buffer.tell()} bytes left over after a {self.record.__name__}")
        return record


_codecs: dict[type, Codec[Any]] = {}


def codec(record: type[T]) -> Codec[T]:
    """The one codec of a record type."""
    if record not in _codecs:
        _codecs[record] = Codec(record)
    return _codecs[record]
