"""The collector as a process: the real kernel on one side, the real Kafka on the other."""

import os
import socket
import time
from itertools import pairwise

import pytest
from namespaces import SERVER, connect

from collector.run import run
from collector.settings import CollectorSettings
from collector.syscall import SOCK_OPS_ATTACH, program_ids
from schemas.errors import TopicMissing
from schemas.kafka import KafkaSettings
from schemas.records import Role

pytestmark = [pytest.mark.kernel, pytest.mark.kafka]


def _made(pair, count, ports=(80,)):
    for port in ports:
        with pair.server.listen(socket.AF_INET, SERVER, port) as listening:
            connect(pair.client, listening, (SERVER, port), count)


def _count(batches, role):
    return sum(row.count for batch in batches for row in batch.rows() if row.role is role)


def test_every_connection_is_published_in_numbered_batches(pair, start_collector, published):
    """Exact counts over several intervals, sequences without a gap, one boot, one key, one partition."""
    collector = start_collector()
    for _ in range(5):
        _made(pair, 37)
        time.sleep(0.15)
    assert collector.stop() == 0
    records = published()
    batches = [batch for _, _, batch in records]
    assert [batch.sequence for batch in batches] == list(range(len(batches)))
    assert len({batch.boot_id for batch in batches}) == 1
    assert {(key, partition) for key, partition, _ in records} == {("test/n1", records[0][1])}
    assert (_count(batches, Role.CLIENT), _count(batches, Role.SERVER)) == (185, 185)
    assert all(batch.losses == () for batch in batches)
    assert all(batch.interval_end == after.interval_start for batch, after in pairwise(batches))


def test_an_end_loses_nothing(pair, start_collector, published):
    """SIGTERM long before the first interval ends: one last drain, acknowledged before the process ends."""
    collector = start_collector(interval_s=600)
    _made(pair, 41)
    assert collector.stop() == 0
    ((_, _, batch),) = published()
    assert (_count([batch], Role.CLIENT), _count([batch], Role.SERVER)) == (41, 41)


def test_an_idle_node_sends_heartbeats(start_collector, published):
    """Batches without connections, one each interval."""
    collector = start_collector(interval_s=0.2)
    time.sleep(1.5)
    assert collector.stop() == 0
    batches = [batch for _, _, batch in published()]
    assert 3 <= len(batches) <= 9
    assert all(len(batch.connections) == 0 for batch in batches)


def test_a_large_drain_is_split(pair, start_collector, published):
    """Several sequence numbers share the interval."""
    collector = start_collector(interval_s=600, batch_rows=4)
    _made(pair, 2, ports=range(90, 97))
    assert collector.stop() == 0
    batches = [batch for _, _, batch in published()]
    assert [(batch.sequence, len(batch.connections)) for batch in batches] == [(0, 4), (1, 4), (2, 4), (3, 2)]
    assert len({(batch.interval_start, batch.interval_end) for batch in batches}) == 1


def test_a_killed_collector_leaves_nothing_and_the_next_is_another_boot(pair, cgroup, start_collector, published):
    """After kill -9 no program is attached twice, and the new boot counts from 0."""
    killed = start_collector()
    killed.process.kill()
    killed.process.wait()
    restarted = start_collector(interval_s=600)
    descriptor = os.open(cgroup, os.O_RDONLY)
    assert len(program_ids(descriptor, SOCK_OPS_ATTACH)) == 1
    os.close(descriptor)
    _made(pair, 43)
    assert restarted.stop() == 0
    boots = {batch.boot_id: batch for _, _, batch in published()}
    last = list(boots.values())[-1]
    assert (last.sequence, _count([last], Role.CLIENT)) == (0, 43)


def test_a_missing_topic_ends_the_collector(kernel, kafka):
    """The error names the topic."""
    elsewhere = KafkaSettings(kafka.brokers, topic_prefix="nowhere.")
    with pytest.raises(TopicMissing, match=r"nowhere\.netpol\.connections"):
        run(CollectorSettings(elsewhere))
