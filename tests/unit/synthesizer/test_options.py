"""Options that cannot be meant are refused at once, with the text that was given."""

import pytest

from schemas.errors import UsageError
from synthesizer.options import Options


def test_a_range_that_is_none_is_a_usage_error():
    """Exit code 2, and an example of what is right."""
    with pytest.raises(UsageError, match=r"10\.244\.0\.0/99.*written like"):
        Options(pod_cidrs=("10.244.0.0/99",))


def test_limits_that_allow_nothing_are_a_usage_error():
    """No prefix at all could hold an address."""
    with pytest.raises(UsageError, match="prefix_limit"):
        Options(prefix_limit=0)
