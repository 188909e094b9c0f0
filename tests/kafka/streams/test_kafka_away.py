"""Kafka goes away under a worker and comes back: it is unready meanwhile, but lives, and counts everything once."""

import time

import pytest
from fresh import fresh_topics_at
from programs import wait_until
from scraped import Scraped

from advisor.kafka_server import KafkaServer
from streams.worker.app import SESSION_S
from streams.worker.health import ANSWER_S

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
ROUNDS = 20


@pytest.fixture
def server():
    with KafkaServer.start() as started:
        yield started


@pytest.fixture
def kafka(server):
    """Topics of a server of the test's own."""
    return fresh_topics_at(server.brokers)


# Kafka  |--------|            |----------|
# worker    |-----unready-------|----------|
def test_a_worker_outlives_kafka(server, shop, worker):
    """Longer than a session; what was half done is done again."""
    shown = Scraped(worker("one", "--metrics-address", "127.0.0.1:0"))
    shop.publish(range(10))
    wait_until(lambda: shop.windows() == shop.expected(10), 60, "the windows")
    server.kill()
    wait_until(lambda: shown.ask("/ready")[0] == 503, 2 * ANSWER_S, "unready")
    time.sleep(SESSION_S)
    assert shown.ask("/live")[0] == 200, shown.ask("/live")
    server.restart()
    shop.publish(range(10, ROUNDS))
    wait_until(lambda: shop.windows() == shop.expected(ROUNDS), 120, "the windows")
    wait_until(lambda: shown.ask("/ready")[0] == 200, 30, "ready again")
    assert shown.child.exit_code is None
