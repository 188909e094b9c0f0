"""The inventory's reader: to the end, then on; heartbeats, tombstones, garbage."""

import dataclasses
import os

import pytest
from cluster_objects import T0, facts, pod
from programs import records, wait_until

from schemas.dead_letters import DeadLetters
from schemas.framing import Writer
from schemas.kafka import producer
from schemas.records import Heartbeat, InventoryObject, NetworkPolicyBody, UnresolvedPeer
from schemas.schema_store import SchemaStore
from schemas.topics import DEAD_LETTERS, INVENTORY, MAX_RECORD_BYTES
from streams.directory.inventory import Inventory
from streams.objects.addresses import packed

pytestmark = pytest.mark.kafka
WRITE = Writer(INVENTORY.name, InventoryObject)
WEB = pod("web", "10.1.0.1")


def publish(kafka, *objects):
    client = producer(kafka)
    for item in objects:
        client.produce(kafka.topic(INVENTORY), WRITE(item), item.key)
    assert client.flush(30) == 0


def beat(kafka, partition, time):
    client = producer(kafka)
    item = InventoryObject("test", "Heartbeat", "", str(partition), Heartbeat(time))
    client.produce(kafka.topic(INVENTORY), WRITE(item), item.key, partition)
    assert client.flush(30) == 0


@pytest.fixture
def read(kafka):
    """Starts the reader and waits until it has come to the end."""
    letters = DeadLetters(kafka, "test")
    made = Inventory(kafka, SchemaStore(kafka, letters), letters)

    def start():
        made.start()
        assert made.ready.wait(30)
        assert made.failure is None
        return made

    yield start
    made.stop()


def holds(inventory, name="web"):
    with inventory.lock:
        return inventory.directory("test").pod(f"uid-{name}") is not None


def test_what_was_there_is_known_when_it_is_ready(kafka, read):
    publish(kafka, facts(), WEB)
    assert holds(read())


def test_a_record_larger_than_what_is_fetched_ahead_is_read(kafka, read):
    """So large that it is alone in what a broker answers, and cannot be compressed to less."""
    spec = os.urandom(MAX_RECORD_BYTES // 2 - 1_024).hex()
    publish(kafka, InventoryObject("test", "NetworkPolicy", "demo", "large", NetworkPolicyBody(spec)), WEB)
    inventory = read()
    assert (inventory.seen.read, inventory.seen.unusable, holds(inventory)) == (2, 0, True)


def test_an_empty_topic_is_read_at_once(kafka, read):
    assert not holds(read())


def test_what_comes_later_is_followed_and_a_tombstone_forgets(kafka, read):
    inventory = read()
    publish(kafka, WEB)
    wait_until(lambda: holds(inventory), 10, "the pod")
    client = producer(kafka)
    client.produce(kafka.topic(INVENTORY), None, WEB.key)
    assert client.flush(30) == 0
    wait_until(lambda: not holds(inventory), 10, "no pod")


def test_the_watermark_is_the_slowest_partitions(kafka, read):
    """Until each has a heartbeat there is none."""
    inventory = read()
    beat(kafka, 0, T0 + 9)
    publish(kafka, WEB)
    wait_until(lambda: holds(inventory), 10, "the pod")
    assert inventory.watermark("test") == 0
    beat(kafka, 1, T0 + 5)
    wait_until(lambda: inventory.watermark("test") == T0 + 5, 10, "the slower heartbeat")


def test_nothing_is_told_of_a_time_that_no_heartbeat_covers(kafka, read):
    """What is there may be old; what a batch saw later than that is not known."""
    publish(kafka, facts(), WEB)
    inventory = read()
    address = packed("10.1.0.1")
    with inventory.lock:
        before = inventory.directory("test").end(address, T0, T0)
    beat(kafka, 0, T0 + 5)
    beat(kafka, 1, T0 + 5)
    wait_until(lambda: inventory.watermark("test") == T0 + 5, 10, "the heartbeats")
    with inventory.lock:
        after = inventory.directory("test").end(address, T0, T0)
    assert (before.peer, after.pod) == (UnresolvedPeer("10.1.0.1", "after_inventory"), "uid-web")


def test_an_object_with_a_bad_address_is_a_dead_letter(kafka, read):
    """It changes nothing; what follows is read."""
    bad = dataclasses.replace(WEB, body=dataclasses.replace(WEB.body, ips=("not an address",)))
    publish(kafka, bad, pod("other", "10.1.0.2"))
    inventory = read()
    assert (holds(inventory), holds(inventory, "other")) == (False, True)
    wait_until(lambda: records(kafka, DEAD_LETTERS), 30, "a dead letter")
    assert "not an address" in records(kafka, DEAD_LETTERS)[0].reason
