"""A worker more than there are partitions stands by: the group gives it nothing, and that is no fault of its."""

import pytest
from fresh import fresh_topics_at
from programs import wait_until
from scraped import Scraped

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
AT = ("--metrics-address", "127.0.0.1:0")


@pytest.fixture
def kafka(kafka_server):
    """Topics of one partition. Faust gives the partitions of one number to one worker, whatever their topic."""
    return fresh_topics_at(kafka_server.brokers, 1)


def partitions(shown):
    return len([key for key in shown.samples() if key[0] == "netpol_stream_lag_records"])


def test_a_worker_without_partitions_is_ready_and_live(shop, worker):
    workers = [Scraped(worker(name, *AT)) for name in ("one", "two")]
    shop.publish(range(10))
    wait_until(lambda: shop.windows() == shop.expected(10), 60, "the windows")
    wait_until(lambda: sorted(map(partitions, workers)) == [0, 2], 40, "all for one of them")
    assert [(one.ask("/ready")[0], one.ask("/live")[0]) for one in workers] == [(200, 200)] * 2
