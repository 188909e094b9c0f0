"""A worker more than there are partitions stands by: the group gives it nothing, and that is no fault of its."""

import uuid

import pytest
from programs import wait_until
from scraped import Scraped

from schemas.kafka import KafkaSettings
from schemas.topic_admin import Layout, create_topics

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
AT = ("--metrics-address", "127.0.0.1:0")


@pytest.fixture
def kafka(kafka_server):
    """Topics of one partition. Faust gives the partitions of one number to one worker, whatever their topic."""
    settings = KafkaSettings(kafka_server.brokers, cluster="test", topic_prefix=f"t{uuid.uuid4().hex[:8]}.")
    create_topics(settings, Layout(partitions=1))
    return settings


def partitions(shown):
    return len([key for key in shown.samples() if key[0] == "netpol_stream_lag_records"])


def test_a_worker_without_partitions_is_ready_and_live(shop, worker):
    workers = [Scraped(worker(name, *AT)) for name in ("one", "two")]
    shop.publish(range(10))
    wait_until(lambda: shop.windows() == shop.expected(10), 60, "the windows")
    wait_until(lambda: sorted(map(partitions, workers)) == [0, 2], 40, "all for one of them")
    assert [(one.ask("/ready")[0], one.ask("/live")[0]) for one in workers] == [(200, 200)] * 2
