"""The inventory's topic is cut, made anew or deleted: the reader ends with the reason; bad records are told once."""

import time

import pytest
from cluster_objects import pod
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, ResourceType
from programs import records, wait_until

from schemas.dead_letters import DeadLetters
from schemas.errors import Unavailable
from schemas.framing import Writer
from schemas.kafka import TopicPartition, admin, producer
from schemas.records import InventoryObject
from schemas.schema_store import SchemaStore
from schemas.topic_admin import Layout, create_topics
from schemas.topics import DEAD_LETTERS, INVENTORY
from streams.directory.inventory import Inventory, failure_of

pytestmark = pytest.mark.kafka
WRITE = Writer(INVENTORY.name, InventoryObject)


def publish(kafka, *values, partition=0):
    client = producer(kafka)
    for value in values:
        client.produce(kafka.topic(INVENTORY), value, b"key", partition)
    assert client.flush(30) == 0


@pytest.fixture
def started(kafka):
    """Starts readers; each has read to the end."""
    running = []

    def start():
        letters = DeadLetters(kafka, "test")
        made = Inventory(kafka, SchemaStore(kafka, letters), letters)
        running.append(made)
        made.start()
        assert made.ready.wait(30)
        assert made.failure is None
        return made

    yield start
    for one in running:
        one.stop()


def ends(inventory, within_s=40):
    wait_until(lambda: inventory.failure is not None, within_s, "the end of the reader")
    failure = failure_of(inventory)
    assert isinstance(failure, Unavailable)
    assert failure.exit_code == 3
    return str(failure)


def delete(kafka):
    client = admin(kafka)  # it must outlive its answer
    client.delete_topics([kafka.topic(INVENTORY)], operation_timeout=10)[kafka.topic(INVENTORY)].result(20)


def cut(kafka, offset):
    """Delete the records before the offset; Kafka wants a policy for that which the topic does not have."""
    client = admin(kafka)
    policy = ConfigEntry("cleanup.policy", "compact,delete", incremental_operation=AlterConfigOpType.SET)
    topic = ConfigResource(ResourceType.TOPIC, kafka.topic(INVENTORY), incremental_configs=[policy])
    client.incremental_alter_configs([topic])[topic].result(20)
    where = TopicPartition(kafka.topic(INVENTORY), 0, offset)
    client.delete_records([where])[where].result(20)


def pods(count):
    return [WRITE(pod(f"pod-{number}", f"10.1.{number // 250}.{number % 250 + 1}")) for number in range(count)]


@pytest.mark.slow
def test_a_topic_that_is_deleted_ends_the_reader(kafka, started):
    """What is known would grow old without anybody noticing."""
    publish(kafka, *pods(5))
    inventory = started()
    delete(kafka)
    assert "is gone. Run `network-policy topics`" in ends(inventory)


@pytest.mark.slow
def test_a_topic_with_more_partitions_ends_the_reader(kafka, started):
    """It would not read them, and nobody would see what is not there."""
    inventory = started()
    client = admin(kafka)
    name = kafka.topic(INVENTORY)
    client.create_partitions([NewPartitions(name, 3)])[name].result(20)
    assert "has 3 partitions now, not 2" in ends(inventory)


@pytest.mark.slow
def test_a_topic_that_is_made_anew_ends_the_reader(kafka, started):
    """It must not keep objects that the new topic does not have."""
    publish(kafka, *pods(50))
    inventory = started()
    delete(kafka)
    time.sleep(1)
    create_topics(kafka, Layout(partitions=2))
    assert "inventory cannot be read" in ends(inventory)


def test_a_topic_whose_beginning_is_cut_is_read_from_there(kafka, started):
    """Compaction and deletion leave holes before the end; reading to the end is no matter of counting records."""
    publish(kafka, *pods(10))
    cut(kafka, 4)
    assert started().seen.read == 6


def test_hazard_176_a_topic_cut_to_its_end_is_read_at_once(kafka, started):
    """Records that are gone are not waited for (faust issues 176 and 597: recovery hangs on such a changelog)."""
    publish(kafka, *pods(10))
    cut(kafka, 10)
    assert started().seen.read == 0


def test_a_bad_record_has_one_dead_letter_however_often_it_is_met(kafka, started):
    """A compacted topic keeps it for ever, and every start reads it again."""
    publish(kafka, b"garbage", *pods(1), b"rubbish")
    first = started()
    wait_until(lambda: first.seen.letters == 2, 20, "two letters")
    first.stop()
    second = started()
    assert (second.seen.unusable, second.seen.letters) == (2, 0)
    assert [letter.value for letter in records(kafka, DEAD_LETTERS)] == [b"garbage", b"rubbish"]


def test_a_new_bad_record_has_a_letter_after_a_restart_too(kafka, started):
    """Also on the partition where others are known already."""
    publish(kafka, b"garbage")
    first = started()
    wait_until(lambda: first.seen.letters == 1, 20, "a letter")
    first.stop()
    publish(kafka, b"news")
    second = started()
    wait_until(lambda: second.seen.letters == 1, 20, "another letter")
    assert [letter.value for letter in records(kafka, DEAD_LETTERS)] == [b"garbage", b"news"]
