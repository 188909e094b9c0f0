"""Settings of `stream` and `follow` that cannot be are refused by name."""

import math

import pytest

from schemas.errors import UsageError
from schemas.kafka import KafkaSettings
from streams.follow.settings import FollowSettings
from streams.worker.settings import StreamSettings

KAFKA = KafkaSettings("unused")
NO_NUMBERS = [math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("value", [*NO_NUMBERS, 0, -1])
@pytest.mark.parametrize("name", ["window_s", "retention_s", "within_s", "take"])
def test_what_must_be_more_than_nothing(name, value):
    """The error names the option."""
    with pytest.raises(UsageError, match=rf"^{name.removesuffix('_s')} must be"):
        StreamSettings(KAFKA, **{name: value})


@pytest.mark.parametrize("value", [*NO_NUMBERS, -1])
@pytest.mark.parametrize(("name", "option"), [("lateness_s", "lateness"), ("inventory_wait_s", "inventory-wait")])
def test_what_may_be_nothing_but_not_less(name, option, value):
    """Not to wait is a choice."""
    with pytest.raises(UsageError, match=rf"^{option} must be"):
        StreamSettings(KAFKA, **{name: value})


def test_not_to_wait_is_allowed():
    """Neither for late edges nor for the inventory."""
    assert StreamSettings(KAFKA, lateness_s=0, inventory_wait_s=0).lateness_s == 0


def test_a_window_has_at_least_the_length_of_the_clocks_unit():
    """Times are whole milliseconds; a shorter window would have no length."""
    assert StreamSettings(KAFKA, window_s=0.001).window_s == 0.001
    with pytest.raises(UsageError, match="window must be at least"):
        StreamSettings(KAFKA, window_s=0.0009)


@pytest.mark.parametrize("value", [*NO_NUMBERS, 0, -1])
def test_heartbeats_have_a_time_between_them(value):
    """Else `follow` would write without a pause, or never."""
    with pytest.raises(UsageError, match=r"^heartbeat must be"):
        FollowSettings(KAFKA, heartbeat_s=value)
