"""How a worker ends: what it works on is finished, or dropped at a second signal; nothing is lost either way."""

import signal
import time

import pytest
from programs import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
FINISH_S = 15
GRACE_S = 30
ROUNDS = 5


@pytest.fixture
def waiting(run, shop):
    """A worker in the middle of a step: it waits for an inventory that nobody publishes."""
    child = run.start("stream", "--inventory-wait", 120, "--window", 10, "--lateness", 2, "--worker-id", "one")
    shop.publish(range(ROUNDS))
    time.sleep(3)
    return child


@pytest.fixture
def counted_by_the_next(run, objects, shop):
    """The next worker, with an inventory, does all that the first one has left."""

    def check():
        run.start("follow", "--objects", objects)
        run.start("stream", "--window", 10, "--lateness", 2, "--worker-id", "one")
        wait_until(lambda: shop.windows() == shop.expected(ROUNDS), 60, "the windows")

    return check


def test_an_end_in_the_middle_of_a_step_is_within_kubernetes_grace(waiting, counted_by_the_next):
    """The step gets its time; its records are read again by the next worker."""
    began = time.monotonic()
    waiting._process.send_signal(signal.SIGTERM)
    assert waiting.wait(GRACE_S) == 0
    assert FINISH_S - 1 < time.monotonic() - began < GRACE_S
    counted_by_the_next()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_is_the_end(waiting, counted_by_the_next, number):
    """At once, as of a program that does not listen; and the next worker does all of it."""
    waiting._process.send_signal(number)
    time.sleep(1)
    assert waiting.exit_code is None
    waiting._process.send_signal(number)
    assert waiting.wait(5) == -number
    counted_by_the_next()
