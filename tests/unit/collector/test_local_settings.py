"""Watching by hand for times that can be."""

import pytest

from collector.local import LocalSettings
from schemas.errors import UsageError


@pytest.mark.parametrize("name", ["interval", "duration"])
@pytest.mark.parametrize("value", [0, -1, 1e300, float("inf"), float("nan")])
def test_a_time_that_cannot_be_is_refused_by_name(name, value):
    """Neither at once nor never."""
    with pytest.raises(UsageError, match=f"{name} must be"):
        LocalSettings("n", **{f"{name}_s": value})


def test_the_interval_is_bounded_as_the_collectors_is():
    """A day; only the whole may take longer."""
    LocalSettings("n", interval_s=86_400, duration_s=7 * 86_400)
    with pytest.raises(UsageError, match="86,400"):
        LocalSettings("n", interval_s=86_401)
