"""A scraped worker: what it counts adds up, its lag is Kafka's, and the probes follow what it does."""

import json

import pytest
from programs import wait_until
from scraped import Scraped

from streams.worker.definitions import INPUTS
from streams.worker.lag import Lag
from streams.worker.progress import Share
from streams.worker.settings import StreamSettings

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
ROUNDS = 15
LOOK_S = 15
ALL = {(number, topic) for topic in INPUTS for number in ("0", "1")}
AT = ("--metrics-address", "127.0.0.1:0")


@pytest.fixture
def scraped(worker):
    return lambda name: Scraped(worker(name, *AT))


def shares(shown):
    """The partitions that a worker tells the lag of: its own."""
    return {key[1:] for key in shown.samples() if key[0] == "netpol_stream_lag_records"}


def test_what_goes_in_comes_out_or_has_a_reason(shop, scraped):
    """Law 4 in the metrics of a calm worker; what was written by the first stage was read by the second."""
    shown = scraped("one")
    shop.publish(range(ROUNDS))
    wait_until(lambda: shop.windows() == shop.expected(ROUNDS), 60, "the windows")
    called = sum(number % 7 + 1 for number in range(ROUNDS))
    kept = sum(number % 7 + 1 for number in range(0, ROUNDS, 3))
    assert shown.sum("connections_total") == 2 * called + kept
    parts = ("used_connections_total", "unresolved_connections_total", "ignored_connections_total")
    assert sum(map(shown.sum, parts)) == shown.sum("connections_total")
    wait_until(lambda: shown.sum("edges_in_total") == shown.sum("edges_out_total") > 0, 20, "all edges in windows")
    assert shown.sum("batches_total") == 2 * ROUNDS
    assert shown.sum("dead_letters_total") == 0
    wait_until(lambda: shown.sum("windows") > 0 and shown.sum("window_edges") >= shown.sum("windows"), 10, "its state")
    assert 0 <= shown.sum("inventory_age_seconds") < 30


def test_a_worker_that_has_all_is_ready_and_live_and_has_no_lag(shop, scraped):
    """The lag of each partition of both topics is shown, and goes to nothing."""
    shown = scraped("one")
    wait_until(lambda: shown.ask("/ready")[0] == 200, LOOK_S, "ready")
    assert json.loads(shown.ask("/live")[1]) == {"ok": True, "missing": []}
    shop.publish(range(ROUNDS))
    wait_until(lambda: shop.windows() == shop.expected(ROUNDS), 60, "the windows")
    wait_until(lambda: shares(shown) == ALL and shown.sum("lag_records") == 0, 2 * LOOK_S, "no lag")


def test_lag_is_what_kafka_says_of_records_that_nobody_has_done(kafka, shop, worker):
    """Before any commit all of it; after a worker has ended, nothing of what it did."""
    lag = Lag(kafka, StreamSettings(kafka).group)
    shares = [Share(f"{kafka.topic_prefix}netpol.connections", number) for number in range(2)]
    try:
        shop.publish(range(ROUNDS))
        assert sum(one.lag for _, one in lag.look(shares)) == 2 * ROUNDS
        child = worker("one")
        wait_until(lambda: shop.windows() == shop.expected(ROUNDS), 60, "the windows")
        assert child.stop() == 0
        assert sum(one.lag for _, one in lag.look(shares)) == 0
        assert lag.look([]) == ()
    finally:
        lag.close()


# one  |----------------------------------|
# two       |-------|    |----------------|
#                    <- within its session
def test_a_restart_within_the_session_causes_no_rebalance_of_others(shop, scraped):
    """Static membership: the named worker comes back to its own partitions, and nothing is lost or doubled."""
    one, two = scraped("one"), scraped("two")
    shop.publish(range(8))
    wait_until(lambda: shop.windows() == shop.expected(8), 90, "the windows")
    wait_until(lambda: shares(one) | shares(two) == ALL and one.sum("lag_records") == 0, 2 * LOOK_S, "shared, at rest")
    assert not shares(one) & shares(two)
    before = one.sum("rebalances_total")
    assert two.child.stop() == 0
    shop.publish(range(8, 12))
    two = scraped("two")
    shop.publish(range(12, ROUNDS))
    wait_until(lambda: shop.windows() == shop.expected(ROUNDS), 60, "the windows")
    assert one.sum("rebalances_total") == before
    wait_until(lambda: two.ask("/ready")[0] == 200, LOOK_S, "two has its partitions again")
