"""The Confluent framing with a real Schema Registry and confluent-kafka's own client on both ends."""

import dataclasses
import json

import pytest
import schema_registry
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

from schemas.codec import codec
from schemas.errors import Unavailable
from schemas.framing import Reader, Writer
from schemas.kafka import KafkaSettings
from schemas.records import ConnectionBatch, Workload, WorkloadWindow
from schemas.schema_store import SchemaStore
from schemas.topics import CONNECTIONS, RECORDS, WORKLOAD_WINDOWS

pytestmark = pytest.mark.kafka
BATCH = ConnectionBatch("c", "n", "b", 1, 2, 3, losses=(("map_full", 4),))


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with schema_registry.running(tmp_path_factory.mktemp("registry") / "log") as url:
        yield url


@pytest.fixture
def settings(registry):
    return KafkaSettings("127.0.0.1:1", registry_url=registry)


@pytest.fixture
def store(settings):
    store = SchemaStore(settings)
    yield store
    store.close()


@pytest.fixture
def client(registry):
    """A downstream consumer's registry client."""
    with SchemaRegistryClient({"url": registry}) as client:
        yield client


def test_both_framings_are_read_by_one_reader(store):
    """A store with a registry still reads what writers without one have left in the topic."""
    read = Reader(ConnectionBatch, store)
    with_registry = Writer(CONNECTIONS.name, ConnectionBatch, store.prefix)(BATCH)
    without = Writer(CONNECTIONS.name, ConnectionBatch)(BATCH)
    assert (with_registry[0], without[0]) == (0x00, 0xC3)
    assert read(with_registry) == read(without) == BATCH


def test_publishing_registers_a_subject_per_topic(store, client):
    """Named after the topic, as downstream consumers expect."""
    store.publish(RECORDS)
    subjects = client.get_subjects()
    assert {"netpol.connections-value", "netpol.workload-windows-value", "netpol.policy-suggestions-value"} <= {
        *subjects
    }


def test_a_public_client_reads_our_windows(store, client):
    """confluent-kafka's AvroDeserializer, which knows nothing of us, reads what we write."""
    cart = Workload("demo", "Deployment", "cart")
    window = WorkloadWindow("c", cart, 0, 10, 1, final=True, complete=True, incomplete_because=(), sources=(), edges=())
    data = Writer(WORKLOAD_WINDOWS.name, WorkloadWindow, store.prefix)(window)
    context = SerializationContext(WORKLOAD_WINDOWS.name, MessageField.VALUE)
    read = AvroDeserializer(client)(data, context)
    assert (read["workload"]["name"], read["final"], read["revision"]) == ("cart", True, 1)


def test_a_newer_writer_is_read_through_its_registered_schema(store, client):
    """The id in the frame leads to the writer's schema."""
    newer = json.loads(codec(ConnectionBatch).schema.text)
    newer["fields"].append({"name": "zone", "type": "string", "default": ""})
    number = client.register_schema("other-value", Schema(json.dumps(newer), "AVRO"))
    data = b"\x00" + number.to_bytes(4, "big") + codec(ConnectionBatch).encode(BATCH) + b"\x02z"
    assert Reader(ConnectionBatch, store)(data) == BATCH


def test_an_incompatible_schema_is_refused(store, client):
    """Subjects are BACKWARD_TRANSITIVE: a new field without default would cut off old records."""
    store.publish([ConnectionBatch])
    broken = json.loads(codec(ConnectionBatch).schema.text)
    broken["fields"].append({"name": "zone", "type": "string"})
    with pytest.raises(SchemaRegistryError) as refused:
        client.register_schema("netpol.connections-value", Schema(json.dumps(broken), "AVRO"))
    assert refused.value.http_status_code == 409


def test_an_unreachable_registry_is_a_clear_error(settings):
    """It names the address."""
    nowhere = dataclasses.replace(settings, registry_url="http://127.0.0.1:1")
    store = SchemaStore(nowhere)
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:1 did not register netpol\.ConnectionBatch"):
        store.publish([ConnectionBatch])
    store.close()
