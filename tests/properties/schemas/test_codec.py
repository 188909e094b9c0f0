"""Every record survives both framings, and garbage is a reason, never an exception of another kind."""

import io
import json

import avro.io
import avro.schema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_strategies import values

from schemas.codec import BadRecord, codec, without_logical_types
from schemas.framing import Reader, Writer, confluent_prefix, unframe
from schemas.records import Connection, ConnectionBatch, Connections, Role
from schemas.topics import RECORDS


class OneSchema:
    """A registry that holds one schema, under id 7."""

    def __init__(self, schema):
        self.schema = schema

    def by_fingerprint(self, fingerprint):
        raise BadRecord(f"no {fingerprint!r} here")

    def by_id(self, schema_id):
        return {7: self.schema}[schema_id]


def record_or_reason(reader, data):
    """What a program sees of some bytes; any other exception fails the test."""
    try:
        return reader(data)
    except BadRecord as error:
        return str(error)


records = st.sampled_from(RECORDS).flatmap(values)


@given(records)
def test_a_record_survives_single_object_encoding(value):
    """What was written is read."""
    data = Writer("any", type(value))(value)
    assert data[:2] == b"\xc3\x01"
    assert Reader(type(value))(data) == value


@given(records)
def test_a_record_survives_the_confluent_wire_format(value):
    """The same record behind a registry's id."""
    data = Writer("any", type(value), confluent_prefix(lambda _topic, _schema: 7))(value)
    assert data[:5] == b"\x00\x00\x00\x00\x07"
    assert Reader(type(value), OneSchema(codec(type(value)).schema))(data) == value


@given(records)
def test_apache_avro_reads_what_fastavro_wrote(value):
    """A second implementation agrees on the bytes: nothing is left over."""
    schema = codec(type(value)).schema
    buffer = io.BytesIO(codec(type(value)).encode(value))
    plain = json.dumps(without_logical_types(json.loads(schema.text)))
    avro.io.DatumReader(avro.schema.parse(plain)).read(avro.io.BinaryDecoder(buffer))
    assert buffer.read() == b""


@given(st.sampled_from(RECORDS), st.binary(max_size=200))
def test_garbage_is_a_bad_record(record, data):
    """Whatever the bytes, the answer is a record or BadRecord with a reason."""
    reader = Reader(record)
    outcome = record_or_reason(reader, data)
    assert isinstance(outcome, record | str)
    assert outcome != ""


@given(records, st.data())
def test_a_damaged_record_is_never_another_exception(value, data):
    """Flip or cut bytes of a good record."""
    good = bytearray(Writer("any", type(value))(value))
    position = data.draw(st.integers(0, len(good) - 1))
    good[position] ^= data.draw(st.integers(1, 255))
    outcome = record_or_reason(Reader(type(value)), bytes(good[: data.draw(st.integers(position, len(good)))]))
    assert isinstance(outcome, type(value) | str)


def test_a_record_of_another_topic_is_refused_by_name():
    """The reason names both records."""
    others = [record for record in RECORDS if record is not ConnectionBatch]
    for record in others:
        framed = b"\xc3\x01" + codec(record).schema.fingerprint + b"\x00"
        with pytest.raises(BadRecord, match="unknown schema fingerprint"):
            Reader(ConnectionBatch)(framed)
    with pytest.raises(BadRecord, match=r"a netpol\.DeadLetter where a netpol\.ConnectionBatch"):
        Reader(ConnectionBatch, OneSchema(codec(RECORDS[-1]).schema))(b"\x00\x00\x00\x00\x07")


def test_left_over_bytes_are_a_reason():
    """A record with a tail is not that record."""
    data = Writer("any", ConnectionBatch)(ConnectionBatch("c", "n", "b", 0, 0, 1))
    with pytest.raises(BadRecord, match="1 bytes left over"):
        Reader(ConnectionBatch)(data + b"x")
    assert unframe(data).fingerprint == codec(ConnectionBatch).schema.fingerprint


connections = st.builds(
    Connection,
    local_address=st.sampled_from([bytes(4), bytes(16), b"\x0a\x00\x00\x01"]),
    remote_address=st.binary(min_size=4, max_size=4),
    count=st.integers(1, 2**40),
    first_seen=st.integers(0, 2**42),
    last_seen=st.integers(0, 2**42),
    role=st.sampled_from(Role),
)


@given(st.lists(connections), st.integers(0, 2**42))
def test_columns_hold_the_same_connections_as_rows(rows, start):
    """Rows to columns and back, in order."""
    assert list(Connections.of(rows, start).rows(start)) == rows
