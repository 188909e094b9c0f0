"""Batches reach Kafka in order, and each that does not is counted: shown on a producer that fails as it is told."""

import pytest
from fake_producer import FakeProducer, batch_of

from collector.publish import Publisher, Way
from collector.spool import Spool, SpoolLimits
from schemas.framing import single_object_prefix
from schemas.kafka import KafkaError, KafkaException

FATAL = KafkaError(KafkaError._FATAL, "fenced", fatal=True)
TOO_LARGE = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)


@pytest.fixture
def producers():
    """The producers made so far, the current one last."""
    return []


@pytest.fixture
def publisher(producers):
    """A publisher with room for a few hundred batches."""

    def make():
        producers.append(FakeProducer())
        return producers[-1]

    return Publisher(Way(make, "topic", single_object_prefix), Spool(SpoolLimits(100_000)))


def test_acknowledged_batches_are_let_go(publisher, producers):
    """Nothing waits, nothing is lost."""
    for sequence in range(3):
        publisher.publish(batch_of(sequence))
    assert producers[0].delivered == [0, 1, 2]
    assert (publisher.waiting, publisher.losses) == (0, {})


def test_a_full_queue_delays_but_keeps_the_order(publisher, producers):
    """BufferError is no loss: the batch is sent before the next one."""
    producers[0].raises.extend([BufferError(), BufferError()])
    publisher.publish(batch_of(0))
    publisher.publish(batch_of(1))
    publisher.publish(batch_of(2))
    assert producers[0].delivered == [0, 1, 2]
    assert publisher.losses == {}


def test_a_refused_batch_is_counted_and_the_next_goes_on(publisher, producers):
    """Both ways of refusal, at once and later, count the batch's connections."""
    producers[0].raises.append(KafkaException(TOO_LARGE))
    publisher.publish(batch_of(0, count=7))
    producers[0].outcomes.append(TOO_LARGE)
    publisher.publish(batch_of(1, count=11))
    publisher.publish(batch_of(2))
    assert producers[0].delivered == [2]
    assert publisher.losses == {"delivery_failed": 18}


@pytest.mark.parametrize("where", ["raised", "reported"])
def test_after_a_fatal_error_a_new_producer_sends_all_again(publisher, producers, where):
    """Nothing that was not acknowledged is lost, and the order stays."""
    producers[0].away = True
    publisher.publish(batch_of(0))
    if where == "raised":
        producers[0].raises.append(KafkaException(FATAL))
    publisher.publish(batch_of(1))
    producers[0].outcomes.extend([FATAL, KafkaError(KafkaError._PURGE_QUEUE)])
    producers[0].away = False
    publisher.poll()
    publisher.publish(batch_of(2))
    assert len(producers) == 2
    assert producers[1].delivered == [0, 1, 2]
    assert (publisher.waiting, publisher.losses) == (0, {})


def test_reports_of_a_replaced_producer_are_not_heard(publisher, producers):
    """A late failure of the old producer does not take away what the new one carries."""
    producers[0].away = True
    publisher.publish(batch_of(0))
    producers[0].raises.append(KafkaException(FATAL))
    publisher.publish(batch_of(1))
    producers[0].outcomes.append(TOO_LARGE)
    producers[0].away = False
    producers[0].poll(0)
    assert publisher.losses == {}


def test_a_full_spool_drops_the_newest_and_counts_it(publisher, producers):
    """What came first is kept, every connection is either delivered or counted."""
    producers[0].away = True
    for sequence in range(2_000):
        publisher.publish(batch_of(sequence, count=1))
    kept = publisher.waiting
    assert 0 < kept < 2_000
    producers[0].away = False
    assert publisher.close(5.0) == 0
    assert producers[0].delivered == list(range(kept))
    assert publisher.losses == {"spool_full": 2_000 - kept}


def test_the_end_says_how_many_batches_are_left(publisher, producers):
    """Time is bounded; what Kafka has not taken is told."""
    producers[0].away = True
    publisher.publish(batch_of(0))
    assert publisher.close(0.05) == 1
