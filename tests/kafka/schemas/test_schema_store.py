"""Writers publish their schemas; a reader of another version finds them on the real Kafka."""

import json

import pytest
from whole_topics import whole

from schemas.codec import BadRecord, codec, parse_schema
from schemas.dead_letters import DeadLetters
from schemas.errors import Unavailable
from schemas.framing import SINGLE_OBJECT, Reader, Writer
from schemas.kafka import TopicPartition, consumer, producer
from schemas.records import ConnectionBatch
from schemas.schema_store import SchemaStore
from schemas.topics import DEAD_LETTERS, SCHEMAS

pytestmark = pytest.mark.kafka


def newer_schema():
    """The batch as a later writer may have it: one more field, with a default."""
    document = json.loads(codec(ConnectionBatch).schema.text)
    document["fields"].insert(0, {"name": "zone", "type": "string", "default": ""})
    return parse_schema(json.dumps(document))


def published(kafka, *values):
    client = producer(kafka)
    errors = []
    for number, value in enumerate(values):
        client.produce(
            kafka.topic(SCHEMAS), key=str(number), value=value, on_delivery=lambda error, _: errors.append(error)
        )
    assert client.flush(10) == 0
    assert errors == [None] * len(values)


def test_a_reader_finds_a_newer_writers_schema(kafka):
    """The unknown fingerprint is looked up in netpol.schemas, and the record is read as ours."""
    newer = newer_schema()
    published(kafka, newer.text)
    batch = ConnectionBatch("c", "n", "b", 1, 2, 3)
    data = SINGLE_OBJECT + newer.fingerprint + b"\x02z" + codec(ConnectionBatch).encode(batch)
    assert Reader(ConnectionBatch, SchemaStore(kafka))(data) == batch


def test_an_unpublished_schema_is_a_reason(kafka):
    """The record cannot be read, and the reason names fingerprint and topic."""
    data = SINGLE_OBJECT + newer_schema().fingerprint + b"anything"
    with pytest.raises(BadRecord, match=r"fingerprint [0-9a-f]{16} is not in netpol\.schemas"):
        Reader(ConnectionBatch, SchemaStore(kafka))(data)


def test_a_schema_that_could_not_be_looked_up_is_no_reason(kafka, monkeypatch):
    """The record may be a good one: nobody knows, so it must not become a dead letter; the next attempt looks again."""
    newer = newer_schema()
    published(kafka, newer.text)
    store = SchemaStore(kafka)
    monkeypatch.setattr("schemas.schema_store._READ_S", -1.0)
    with pytest.raises(Unavailable, match=r"netpol\.schemas could not be read to its end"):
        store.by_fingerprint(newer.fingerprint)
    monkeypatch.undo()
    assert store.by_fingerprint(newer.fingerprint) == newer


def test_published_schemas_are_keyed_by_fingerprint(kafka):
    """So that compaction keeps one of each."""
    SchemaStore(kafka).publish([ConnectionBatch])
    client = consumer(kafka, "read-schemas")
    client.assign([TopicPartition(kafka.topic(SCHEMAS), 0, 0)])
    message = client.poll(10)
    client.close()
    assert message.key().decode() == codec(ConnectionBatch).schema.fingerprint.hex()
    assert parse_schema(message.value().decode()) == codec(ConnectionBatch).schema


def test_garbage_among_the_schemas_is_a_dead_letter(kafka):
    """It does not hide the good schema behind it."""
    newer = newer_schema()
    published(kafka, b"\xff not a schema", newer.text)
    store = SchemaStore(kafka, DeadLetters(kafka, "test"))
    assert store.by_fingerprint(newer.fingerprint) == newer
    (letter,) = whole(kafka, DEAD_LETTERS)
    assert (letter.topic, letter.value, letter.program) == (kafka.topic(SCHEMAS), b"\xff not a schema", "test")
    assert "decode" in letter.reason


def test_a_record_written_without_a_registry_is_read_with_the_same_store(kafka):
    """The store's own prefix and a plain reader agree."""
    store = SchemaStore(kafka)
    batch = ConnectionBatch("c", "n", "b", 1, 2, 3)
    assert Reader(ConnectionBatch, store)(Writer("t", ConnectionBatch, store.prefix)(batch)) == batch
