"""A real worker on a real Kafka: killed, doubled, joined by another, it counts the same."""

import pytest
from accounting import assert_accounted
from programs import records, wait_until

from schemas.topics import CONNECTIONS, DEAD_LETTERS, INVENTORY, WORKLOAD_EDGES
from streams.worker.app import SESSION_S

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
ROUNDS = 40


def settles(shop, rounds=ROUNDS, within_s=60):
    """The windows come to what the shop did, and no connection has vanished on the way."""
    wait_until(lambda: shop.windows() == shop.expected(rounds), within_s, "the windows of all rounds")
    assert_accounted(shop.kafka)


def test_windows_are_what_the_shop_did(shop, worker):
    """Calm: both ends, counts, finality; and SIGTERM ends it with exit code 0."""
    child = worker("one")
    shop.publish(range(ROUNDS))
    settles(shop)
    assert child.stop() == 0
    assert "Traceback" not in child.log.read_text()


# published  0 ........ 20 ........ 40
#               kill -9    kill -9     (whatever was in flight)
def test_a_killed_worker_changes_no_count(shop, worker):
    """Law 3: killed at several points and started again, on input that comes twice."""
    for step in range(0, ROUNDS, 10):
        child = worker("one")
        shop.publish(range(max(0, step - 5), step + 10))
        wait_until(shop.windows, 30, "some window")
        child.kill()
    worker("one")
    settles(shop)
    assert records(shop.kafka, DEAD_LETTERS) == []


# one  |------------------------|
# two          |--------|
def test_a_second_worker_joins_and_leaves(shop, worker):
    """Partitions move to and fro, their windows with them; a named worker keeps its own for a session after it left."""
    worker("one")
    shop.publish(range(10))
    wait_until(shop.windows, 30, "some window")
    second = worker("two")
    shop.publish(range(10, 25))
    assert second.stop() == 0
    shop.publish(range(25, ROUNDS))
    settles(shop, within_s=3 * SESSION_S)


def test_garbage_goes_to_dead_letters_and_the_stream_goes_on(shop, worker):
    """On each topic that the worker reads, before and while it runs."""
    shop.raw(INVENTORY, b"garbage before")
    worker("one")
    for topic in (CONNECTIONS, WORKLOAD_EDGES, INVENTORY):
        shop.raw(topic, b"garbage")
    shop.publish(range(ROUNDS))
    settles(shop)
    found = {(letter.topic, letter.value, letter.program) for letter in records(shop.kafka, DEAD_LETTERS)}
    garbage = {(topic, b"garbage") for topic in (CONNECTIONS, WORKLOAD_EDGES, INVENTORY)}
    assert found == {
        (shop.kafka.topic(topic), value, "stream") for topic, value in garbage | {(INVENTORY, b"garbage before")}
    }


def test_a_tombstone_is_no_batch(shop, worker):
    """An empty value on a topic of batches is a dead letter too."""
    worker("one")
    shop.raw(CONNECTIONS, None)
    shop.publish(range(1))
    wait_until(lambda: records(shop.kafka, DEAD_LETTERS, 0.5), 30, "a dead letter")
    settles(shop, 1)
