"""Bounds of settings: what is refused, and how it is said."""

import math

import pytest

from schemas.errors import UsageError
from schemas.limits import at_least, not_negative, positive


@pytest.mark.parametrize("check", [positive, not_negative])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, 11])
def test_no_number_is_refused_and_neither_is_one_out_of_bounds_taken(check, value):
    """The error begins with the option's name."""
    with pytest.raises(UsageError, match=rf"^two-words must be a number .* and at most 10, not {value}$"):
        check(10, two_words=value)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("check", [positive, not_negative])
def test_without_a_bound_it_is_a_number_all_the_same(check, value):
    """And no bound is told."""
    with pytest.raises(UsageError, match=rf" 0, not {value}$"):
        check(some=value)
    check(some=1e300)


def test_nothing_is_refused_where_more_is_wanted():
    """Each to its bound, inclusive; the smallest number is more than nothing."""
    with pytest.raises(UsageError, match="more than 0"):
        positive(10, some=0)
    positive(10, some=5e-324, other=10)
    not_negative(10, some=0, other=10)


@pytest.mark.parametrize("value", [math.nan, 0.0009])
def test_too_little_is_refused(value):
    """With the bound as it is."""
    with pytest.raises(UsageError, match=rf"^some must be at least 0\.001, not {value}$"):
        at_least(0.001, some=value)
    at_least(0.001, some=0.001)


def test_the_second_of_several_is_checked_too():
    """And named."""
    with pytest.raises(UsageError, match=r"^other"):
        positive(10, some=1, other=0)
