"""What is said to Kafka before the first record is said again while nobody answers, and its refusal is told."""

import logging
import time

import pytest

from collector.opening import Opening
from schemas.errors import BrokerRefuses, BrokerUnavailable, TopicMissing


def _attempts(*outcomes):
    """An attempt that fails with these in turn, then succeeds; `made` counts."""
    left = list(outcomes)

    def attempt():
        attempt.made += 1
        if left:
            raise left.pop(0)

    attempt.made = 0
    return attempt


def _settled(opening):
    deadline = time.monotonic() + 5
    while not opening() and time.monotonic() < deadline:
        time.sleep(0.005)
    return opening()


def test_it_is_tried_until_somebody_answers(caplog):
    """The first failure and the success are told, not every one."""
    caplog.set_level(logging.WARNING)
    attempt = _attempts(*(BrokerUnavailable("nobody") for _ in range(5)))
    assert _settled(Opening(attempt, again_s=0.01))
    assert attempt.made == 6
    assert [record.message for record in caplog.records] == [
        "connections wait in the spool: nobody",
        "Kafka answers now; what has waited is sent",
    ]


@pytest.mark.parametrize("error", [TopicMissing("no topic"), BrokerRefuses("no trust"), ZeroDivisionError("a bug")])
def test_what_waiting_cannot_mend_ends_the_program(error):
    """Raised where the program asks, after no second attempt."""
    attempt = _attempts(error)
    opening = Opening(attempt, again_s=0.01)
    with pytest.raises(type(error), match=str(error)):
        _settled(opening)
    assert attempt.made == 1


def test_a_stop_ends_the_attempts():
    """Nobody answers for ever."""
    attempt = _attempts(*(BrokerUnavailable("nobody") for _ in range(10_000)))
    opening = Opening(attempt, again_s=0.01)
    time.sleep(0.05)
    opening.stop()
    time.sleep(0.05)
    made = attempt.made
    time.sleep(0.1)
    assert (attempt.made, opening()) == (made, False)
