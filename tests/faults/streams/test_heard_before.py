"""What a partition had heard of before the next record: as far back as it matters, and nothing of what is to come."""

import pytest
from cluster_objects import T0
from enriching import record_of
from stream_world import inventory, traffic

from schemas.framing import Writer
from schemas.kafka import TopicPartition, consumer, producer
from schemas.records import WorkloadEdges
from schemas.schema_store import SchemaStore
from schemas.topics import WORKLOAD_EDGES
from streams.directory.directory import Directory
from streams.windows.heard import Heard

pytestmark = pytest.mark.kafka
DIRECTORY = Directory(inventory())
HOUR = 3_600_000


def records(began):
    """The traffic, a record for each batch: 319."""
    return [record_of(DIRECTORY, one.batch) for one in traffic(began)]


RECORDS = records(T0) * 8
GROUP = "heard-test"


@pytest.fixture
def heard(kafka):
    """Publishes records, commits up to one of them, and reads back what was heard before it."""

    def read(records, committed, span):
        client, write = producer(kafka), Writer(WORKLOAD_EDGES.name, WorkloadEdges)
        for record in records:
            client.produce(kafka.topic(WORKLOAD_EDGES), write(record), partition=0)
        assert client.flush(30) == 0
        if committed is not None:
            member = consumer(kafka, GROUP)
            member.commit(offsets=[TopicPartition(kafka.topic(WORKLOAD_EDGES), 0, committed)], asynchronous=False)
            member.close()
        return Heard(kafka, SchemaStore(kafka), GROUP, span)(0)

    return read


def test_nothing_was_heard_by_a_new_group(heard):
    assert heard(RECORDS[:3], None, 60_000) == ()


def test_what_is_to_come_was_not_heard(heard):
    """Though a killed worker may have emitted it."""
    assert heard(RECORDS[:9], 5, 60_000) == tuple(RECORDS[:5])


def test_it_goes_back_as_far_as_it_matters(heard):
    """To the beginning of what took a minute, in more than one chunk."""
    assert heard(RECORDS[:1_200], 1_200, 60_000) == tuple(RECORDS[:1_200])


def test_what_was_long_before_does_not_matter(heard):
    """Of four hours, the chunk that is an hour old is the last to be read."""
    made = [record for hour in range(4) for record in records(T0 + hour * HOUR)]
    assert heard(made, len(made), 60_000) == tuple(made[-1_000:])


def test_it_goes_back_no_further_than_it_may(heard):
    """However long a time was asked for, so that a worker of a large cluster begins soon."""
    assert heard(RECORDS, len(RECORDS), 1 << 40) == tuple(RECORDS[-2_000:])
