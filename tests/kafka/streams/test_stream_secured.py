"""A worker behind TLS and passwords: Faust's client and ours are both trusted, or the worker says why not."""

import time
import uuid

import pytest
from programs import programs, wait_until
from secured_kafka import PASSWORD, config, options

from schemas.kafka import KafkaSettings
from schemas.topic_admin import Layout, create_topics

__all__ = ["config", "options"]

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
SOON_S = 20


@pytest.fixture
def kafka(config):
    """Fresh topics, as the server's owner sees them."""
    settings = KafkaSettings(config.brokers, cluster="test", topic_prefix=f"t{uuid.uuid4().hex[:8]}.")
    create_topics(settings, Layout(partitions=2))
    return settings


@pytest.fixture
def run(config, kafka, tmp_path):
    """Programs that see the secured listener only."""
    with programs(kafka, tmp_path / "logs", f"127.0.0.1:{config.secured_port}") as started:
        yield started


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_a_worker_works_through_tls_with_a_password(shop, options, run, objects, mechanism):
    """Connections become windows; the password stands in no log."""
    path = options(mechanism)
    run.start("follow", "--objects", objects, "--kafka-config", path)
    worker = run.start("stream", "--kafka-config", path, "--window", 10, "--lateness", 2, "--worker-id", mechanism)
    shop.publish(range(10))
    wait_until(lambda: shop.windows() == shop.expected(10), 60, "the windows")
    assert worker.stop() == 0
    assert PASSWORD not in worker.log.read_text()


def test_a_wrong_password_ends_the_worker_within_seconds(options, run):
    began = time.monotonic()
    child = run.start("stream", "--kafka-config", options(password="battery-staple"), ready=False)
    assert child.wait(4 * SOON_S) == 3
    said = child.log.read_text()
    assert time.monotonic() - began < SOON_S
    assert said.count("\n") == 1, said
    assert "no trust between us and Kafka" in said
    assert "battery-staple" not in said


def test_an_option_that_faust_cannot_follow_is_refused_before_kafka_is_asked(options, run):
    """OAUTHBEARER works for our other programs, but Faust would need code for its tokens."""
    child = run.start("stream", "--kafka-config", options("OAUTHBEARER"), ready=False)
    assert child.wait(SOON_S) == 2
    assert "sasl.mechanism: `stream` can do PLAIN, SCRAM-SHA-256, SCRAM-SHA-512" in child.tail()
