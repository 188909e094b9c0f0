"""What `monitor` may be told."""

import pytest

from advisor.monitor.run import MonitorSettings
from schemas.errors import UsageError
from schemas.kafka import KafkaSettings


@pytest.mark.parametrize("duration", [0.0, -1.0, float("nan"), float("inf")])
def test_a_duration_is_finite_and_positive(duration):
    """Any other would end at once or never, against what was meant."""
    with pytest.raises(UsageError, match="duration"):
        MonitorSettings(KafkaSettings(brokers="nowhere:1", cluster="c"), duration_s=duration)


@pytest.mark.parametrize("duration", [None, 0.1])
def test_no_duration_or_a_short_one_is_fine(duration):
    """None is until Ctrl-C."""
    settings = MonitorSettings(KafkaSettings(brokers="nowhere:1", cluster="c"), duration_s=duration)
    assert settings.duration_s == duration
