"""No test of a stream worker passes while a connection is missing: the helper that starts the workers sees to it."""

import pytest
from programs import programs

from advisor.processes import Child
from schemas.kafka import TopicPartition, consumer, end_offsets
from schemas.topics import CONNECTIONS
from streams.worker.app import GROUP

pytestmark = pytest.mark.kafka


@pytest.fixture
def scene(kafka, shop, tmp_path):
    """A worker that takes what the shop publishes, or not, and writes nothing; then the end of the test."""

    def play(commit, why=""):
        with programs(kafka, tmp_path) as run:
            run.running.append(Child.start("stream", ["true"], tmp_path / "stream.log"))
            run.running[0].wait(10)
            shop.publish(range(1))
            commit(kafka)
            if why:
                run.unaccounted(why)

    return play


def commit_all(kafka):
    client, name = consumer(kafka, f"{kafka.topic_prefix}{GROUP}"), kafka.topic(CONNECTIONS)
    ends = [TopicPartition(name, number, end) for number, (_, end) in end_offsets(client, name, range(2)).items()]
    client.commit(offsets=ends, asynchronous=False)
    client.close()


def commit_nothing(_kafka):
    """It was killed before."""


def test_a_test_whose_worker_lost_a_batch_fails(scene):
    with pytest.raises(AssertionError, match="boot_id"):
        scene(commit_all)


def test_a_test_whose_worker_has_not_taken_all_fails(scene):
    with pytest.raises(AssertionError, match=r"in vain: all of netpol\.connections taken"):
        scene(commit_nothing)


def test_a_test_may_say_why_there_is_no_account(scene):
    """What is left out of the law is written down."""
    scene(commit_nothing, why="the worker is killed in the middle, and no other follows")


def test_a_failure_before_the_end_is_the_one_that_is_told(scene):
    """The law is asked of tests that went well."""
    with pytest.raises(ZeroDivisionError):
        scene(lambda _: 1 // 0)
