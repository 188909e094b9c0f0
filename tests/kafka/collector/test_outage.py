"""Kafka away under traffic, then back: nothing lost within the spool, all else counted, the order kept.

NETPOL_OUTAGE_S shortens the longest outage, which is 60 s by default.
"""

import os
import signal
import socket
import threading
import time
from itertools import pairwise

import pytest
from kernel_fixtures import cgroup, kernel, pair
from namespaces import SERVER, connect
from programs import programs, records

from advisor.kafka_server import KafkaServer
from collector.spool_files import unpacked
from schemas.framing import Reader
from schemas.kafka import KafkaSettings
from schemas.records import ConnectionBatch, Role
from schemas.topic_admin import Layout, create_topics
from schemas.topics import CONNECTIONS

__all__ = ["cgroup", "kernel", "pair"]

pytestmark = [pytest.mark.kernel, pytest.mark.kafka, pytest.mark.slow]

OUTAGE_S = float(os.environ.get("NETPOL_OUTAGE_S", "60"))
PORTS = range(9000, 9020)
TINY_MIB = 0.02
NO_MIB = 0.001


class Traffic(threading.Thread):
    """Connections to every port in turn until told to stop; `made` says how many."""

    def __init__(self, pair):
        super().__init__()
        self._pair = pair
        self._stopping = threading.Event()
        self.made = 0

    def run(self):
        listening = {port: self._pair.server.listen(socket.AF_INET, SERVER, port) for port in PORTS}
        while not self._stopping.is_set():
            for port, accepting in listening.items():
                self.made += connect(self._pair.client, accepting, (SERVER, port), 1)
            time.sleep(0.05)
        for accepting in listening.values():
            accepting.close()

    def stop(self):
        self._stopping.set()
        self.join()
        return self.made


@pytest.fixture
def traffic(pair):
    """Traffic that a test starts once the collector is ready, so that it counts all of it."""
    thread = Traffic(pair)
    yield thread
    if thread.is_alive():
        thread.stop()


@pytest.fixture
def server(cgroup):
    """A Kafka of the test's own: others need theirs all the time. It ends before the cgroup that it began in."""
    with KafkaServer.start() as started:
        create_topics(KafkaSettings(started.brokers), Layout(partitions=1))
        yield started


@pytest.fixture
def start_collector(server, cgroup, tmp_path):
    """Starts collectors of the test's cgroup that report every edge in every interval."""
    with programs(KafkaSettings(server.brokers, cluster="test"), tmp_path) as running:

        def start(*options):
            every_time = ("--interval", 0.2, "--repeat", 0)
            return running.start("collect", "--node", "n1", "--cgroup", cgroup, *every_time, *options)

        yield start


@pytest.fixture
def received(server):
    """The batches in the topic, in its order, without repetitions: what is not newer than the last of its boot."""

    def read():
        kept = []
        for batch in records(KafkaSettings(server.brokers), CONNECTIONS):
            if not kept or kept[-1].boot_id != batch.boot_id or kept[-1].sequence < batch.sequence:
                kept.append(batch)
        return kept

    return read


def _count(batches, role):
    return sum(row.count for batch in batches for row in batch.rows() if row.role is role and row.port in PORTS)


def _both(batches):
    return _count(batches, Role.CLIENT) + _count(batches, Role.SERVER)


def _assert_all_came(batches, made):
    """Every sequence from 0 in its order, and each connection from both ends."""
    assert [batch.sequence for batch in batches] == list(range(len(batches)))
    assert (_count(batches, Role.CLIENT), _count(batches, Role.SERVER)) == (made, made)


def _assert_the_rest_is_counted(batches, made):
    """What came is in order, and what is missing is the loss."""
    sequences = [batch.sequence for batch in batches]
    assert sequences == sorted(set(sequences))
    assert dict(batches[-1].losses)["spool_full"] == 2 * made - _both(batches) > 0


def _boots(batches):
    """The boots in the order of their batches; a boot that comes twice is there twice."""
    boots = []
    for batch in batches:
        if not boots or boots[-1] != batch.boot_id:
            boots.append(batch.boot_id)
    return boots


def test_an_outage_within_the_spool_loses_nothing(server, traffic, start_collector, received):
    """Every connection arrives, every sequence in its order, none is missing."""
    collector = start_collector()
    traffic.start()
    time.sleep(2)
    server.stop()
    time.sleep(OUTAGE_S)
    server.restart()
    time.sleep(2)
    made = traffic.stop()
    assert collector.stop() == 0
    batches = received()
    _assert_all_came(batches, made)
    assert len(_boots(batches)) == 1
    assert batches[-1].losses == ()


@pytest.mark.parametrize("keep", ["oldest", "newest"])
def test_an_outage_beyond_the_spool_is_counted_exactly(server, traffic, start_collector, received, keep):
    """Made = received + lost; what was to be kept is there, in order, and the gap is one."""
    collector = start_collector("--spool-mib", TINY_MIB, "--spool-keep", keep)
    traffic.start()
    time.sleep(2)
    server.stop()
    stopped_at = time.time_ns() // 1_000_000
    time.sleep(min(OUTAGE_S, 15))
    back_at = time.time_ns() // 1_000_000
    server.restart()
    time.sleep(3)
    made = traffic.stop()
    assert collector.stop() == 0
    batches = received()
    before, after = next(two for two in pairwise(batches) if two[1].sequence > two[0].sequence + 1)
    _assert_the_rest_is_counted(batches, made)
    # The oldest are those of the first seconds without Kafka, the newest those of the last.
    middle = (stopped_at + back_at) // 2
    assert (after.interval_start > back_at) if keep == "oldest" else (before.interval_end < middle), (before, after)


def test_a_killed_collectors_files_are_sent_first_and_in_order(server, traffic, start_collector, received, tmp_path):
    """SIGKILL without Kafka: what was in files comes before the next boot; what was in memory was the newest of all."""
    spool = tmp_path / "spool"
    killed = start_collector("--spool-dir", spool)
    traffic.start()
    time.sleep(1)
    server.stop()
    time.sleep(min(OUTAGE_S, 8))
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait(10)
    filed = [_batch_in(path) for path in sorted(spool.glob("*.batch"))]
    server.restart()
    following = start_collector("--spool-mib", NO_MIB, "--spool-dir", spool)
    time.sleep(2)
    traffic.stop()
    assert following.stop() == 0
    batches = received()
    old = [batch for batch in batches if batch.boot_id == filed[0].boot_id]
    assert len(_boots(batches)) == 2
    assert len(filed) > 10
    assert old[-len(filed) :] == filed
    assert [batch.sequence for batch in filed] == list(range(filed[0].sequence, filed[0].sequence + len(filed)))
    assert [batch.sequence for batch in old] == list(range(len(old)))  # without a hole, from the first
    assert not list(spool.glob("*.batch"))


def test_an_end_without_kafka_loses_nothing_with_a_directory(server, traffic, start_collector, received, tmp_path):
    """SIGTERM, exit code 0, and the next start sends what was left."""
    spool = tmp_path / "spool"
    ended = start_collector("--spool-dir", spool)
    traffic.start()
    time.sleep(1)
    server.stop()
    time.sleep(3)
    made = traffic.stop()
    assert ended.stop() == 0
    assert "are in the spool directory for the next start" in ended.tail()
    server.restart()
    assert start_collector("--spool-dir", spool).stop() == 0
    batches = received()
    assert len(_boots(batches)) == 2
    assert (_count(batches, Role.CLIENT), _count(batches, Role.SERVER)) == (made, made)
    assert all(batch.losses == () for batch in batches)


def _batch_in(path):
    return Reader(ConnectionBatch)(unpacked(path.read_bytes(), 0).value)


def test_a_start_without_kafka_loses_nothing(server, traffic, start_collector, received, tmp_path):
    """What is seen before Kafka answers for the first time waits, and comes in order from the first."""
    server.stop()
    collector = start_collector("--spool-dir", tmp_path / "spool")
    traffic.start()
    time.sleep(min(OUTAGE_S, 12))
    assert list((tmp_path / "spool").glob("*.batch"))
    server.restart()
    time.sleep(8)
    made = traffic.stop()
    assert collector.stop() == 0
    batches = received()
    _assert_all_came(batches, made)
    assert "connections wait in the spool: no Kafka broker answers" in collector.log.read_text()


@pytest.mark.parametrize("keep", ["oldest", "newest"])
def test_a_directory_that_fills_up_is_counted_loss(  # noqa: PLR0913, PLR0917  one fixture each
    server, traffic, start_collector, received, tmp_path, keep
):
    """Beyond memory and files; what was kept comes in order, and the loss is what is missing."""
    room = ("--spool-mib", TINY_MIB, "--spool-dir", tmp_path / "spool", "--spool-dir-mib", 0.06)
    collector = start_collector(*room, "--spool-keep", keep)
    traffic.start()
    time.sleep(1)
    server.stop()
    time.sleep(min(OUTAGE_S, 15))
    assert sum(path.stat().st_blocks * 512 for path in (tmp_path / "spool").glob("*.batch")) <= 0.06 * 2**20
    server.restart()
    time.sleep(3)
    made = traffic.stop()
    assert collector.stop() == 0
    _assert_the_rest_is_counted(received(), made)
