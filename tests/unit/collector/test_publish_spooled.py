"""A publisher while Kafka is away: what waits where, who is told of a delivery, what the next start sends."""

import os
from pathlib import Path

import pytest
from fake_producer import FakeProducer, batch_of

from collector.publish import Publisher, Way
from collector.spool import Held, Keep, Spool, SpoolLimits
from schemas.framing import single_object_prefix
from schemas.kafka import KafkaError, KafkaException

MIB = 1024 * 1024
FATAL = KafkaError(KafkaError._FATAL, "fenced", fatal=True)
PURGED = KafkaError(KafkaError._PURGE_QUEUE)
TOO_LARGE = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)
WINDOW = 16
ROOMY = SpoolLimits(MIB)


@pytest.fixture
def start():
    """Starts publishers; the producers made are in `start.producers`, the current one last."""

    def make_publisher(limits=ROOMY, clock=lambda: 0.0):
        def make():
            make_publisher.producers.append(FakeProducer())
            return make_publisher.producers[-1]

        return Publisher(Way(make, "topic", single_object_prefix), Spool(limits), clock)

    make_publisher.producers = []
    return make_publisher


def _away(start, publisher, count):
    """Publish while Kafka is away; the sequences that are told as delivered later."""
    told = []
    start.producers[-1].away = True
    for sequence in range(count):
        publisher.publish(batch_of(sequence, count=1), lambda sequence=sequence: told.append(sequence))
    return told


def test_kafkas_client_gets_a_window_and_no_more(start):
    """The rest waits where it can be dropped or kept."""
    publisher = start()
    _away(start, publisher, 40)
    assert (len(start.producers[0].queue), publisher.waiting) == (WINDOW, 40)
    start.producers[0].away = False
    assert publisher.close(5.0) == 0
    assert start.producers[0].delivered == list(range(40))


def test_the_window_is_a_part_of_a_small_spool(start):
    """Otherwise nothing would be left to drop for a newer batch."""
    publisher = start(SpoolLimits(4_000))
    _away(start, publisher, 20)
    assert 0 < sum(len(value) for _, value, _ in start.producers[0].queue) <= 1_000


def test_delivered_is_called_once_and_in_order(start):
    """Only when Kafka has acknowledged, also after the producer was replaced."""
    publisher = start()
    told = _away(start, publisher, 20)
    assert told == []
    start.producers[0].outcomes.extend([None, None, FATAL, *[PURGED] * (WINDOW - 3)])
    start.producers[0].away = False
    assert publisher.close(5.0) == 0
    assert [producer.delivered for producer in start.producers] == [[0, 1], list(range(2, 20))]
    assert told == list(range(20))


@pytest.mark.parametrize("where", ["raised", "reported"])
def test_delivered_is_not_called_for_a_refused_batch(start, where):
    """A row that is marked as told on such a call would be hidden for ever (kguardian #1489)."""
    publisher, told = start(), []
    if where == "raised":
        start.producers[0].raises.append(KafkaException(TOO_LARGE))
    else:
        start.producers[0].outcomes.append(TOO_LARGE)
    publisher.publish(batch_of(0), lambda: told.append(0))
    publisher.publish(batch_of(1), lambda: told.append(1))
    assert told == [1]


@pytest.mark.parametrize(
    ("keep", "missing"), [(Keep.OLDEST, range(400, 1_000)), (Keep.NEWEST, range(WINDOW, WINDOW + 600))]
)
def test_a_full_spool_keeps_what_was_chosen(start, keep, missing):
    """What was handed over stays in either case; every connection is delivered or counted, and only then told."""
    size = len(_framed(start))
    publisher = start(SpoolLimits(400 * size, keep=keep))
    told = _away(start, publisher, 1_000)
    start.producers[-1].away = False
    assert publisher.close(5.0) == 0
    delivered = start.producers[-1].delivered
    lost = sorted(set(range(1_000)) - set(delivered))
    assert delivered == sorted(delivered) == told
    assert publisher.losses == {"spool_full": len(lost)}
    # Later sequences take a byte more, so the bounds are near, not exact.
    assert abs(lost[0] - missing[0]) < 40
    assert abs(lost[-1] - missing[-1]) < 40
    assert lost == list(range(lost[0], lost[-1] + 1))


def _framed(start):
    publisher = start()
    _away(start, publisher, 1)
    ((_, value, _),) = start.producers[-1].queue
    return value


def test_an_end_without_kafka_leaves_all_to_the_next_start(start, tmp_path):
    """Not one batch is lost; the next start sends them first, and tells nobody of it."""
    limits = SpoolLimits(MIB, tmp_path, MIB)
    publisher = start(limits)
    told = _away(start, publisher, 40)
    assert publisher.close(0.01) == 0
    following = start(limits)
    following.publish(batch_of(40))
    assert following.close(5.0) == 0
    assert start.producers[-1].delivered == list(range(41))
    assert (told, following.losses, start(limits).waiting) == ([], {}, 0)


def test_a_broken_file_is_counted_and_the_next_goes_on(start, tmp_path, caplog):
    """No crash, and no second try."""
    limits = SpoolLimits(MIB, tmp_path, MIB)
    publisher = start(limits)
    _away(start, publisher, 3)
    publisher.close(0.01)
    sorted(tmp_path.glob("*.batch"))[1].write_bytes(b"")
    following = start(limits)
    assert following.close(5.0) == 0
    assert (start.producers[-1].delivered, following.losses) == ([0, 2], {"spool_broken": 1})
    assert "spool_broken (0 bytes are no batch)" in caplog.text


def test_the_state_tells_what_was_done_and_what_waits(start, tmp_path):
    """In batches and bytes, with the time of the last acknowledgement."""
    publisher = start(SpoolLimits(1, tmp_path, MIB), clock=lambda: 42.0)
    _away(start, publisher, 3)
    state = publisher.state
    assert (state.acknowledged_batches, state.acknowledged_at) == (0, None)
    assert (state.in_memory, state.in_files) == (Held(), Held(3, 3 * 4096))
    start.producers[0].away = False
    publisher.close(5.0)
    state = publisher.state
    assert (state.acknowledged_batches, state.acknowledged_at) == (3, 42.0)
    assert state.acknowledged_bytes > 3 * 50
    assert (state.in_memory, state.in_files) == (Held(), Held())


def test_what_was_acknowledged_does_not_come_back_after_a_crash_of_the_machine(start, tmp_path, monkeypatch):
    """Otherwise an old boot's batch would follow a newer boot's, and readers would take it for new."""
    publisher = start(SpoolLimits(1, tmp_path, MIB))
    _away(start, publisher, 3)
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").resolve()))
    start.producers[0].away = False
    while publisher.waiting:
        publisher.poll()
    assert synced == [tmp_path] * 3
    assert not list(tmp_path.glob("*.batch"))


def test_nothing_is_handed_over_before_kafka_is_ready():
    """It waits, and goes out in order afterwards."""
    producer, ready = FakeProducer(), []
    way = Way(lambda: producer, "topic", single_object_prefix, lambda: bool(ready))
    publisher = Publisher(way, Spool(ROOMY))
    for sequence in range(3):
        publisher.publish(batch_of(sequence))
    assert (len(producer.queue), producer.delivered, publisher.waiting) == (0, [], 3)
    ready.append(True)
    assert publisher.close(5.0) == 0
    assert producer.delivered == [0, 1, 2]
