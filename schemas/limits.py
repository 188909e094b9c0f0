"""Bounds of settings, refused by the option's name: a value beyond them is a slip of the hand."""

import math
from typing import Final

from schemas.errors import UsageError

DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0
SHORTEST_S: Final = 0.001
"""Times are whole milliseconds; what is shorter has no length."""


def positive(most: float = math.inf, **values: float) -> None:
    """Refuse what is not a finite number more than 0 and at most so much; raises UsageError."""
    for name, value in values.items():
        if not (0 < value <= most and math.isfinite(value)):
            raise _refusal(name, f"a number more than 0{_bound(most)}", value)


def not_negative(most: float = math.inf, **values: float) -> None:
    """Refuse what is not a finite number from 0 to so much; raises UsageError."""
    for name, value in values.items():
        if not (0 <= value <= most and math.isfinite(value)):
            raise _refusal(name, f"a number not less than 0{_bound(most)}", value)


def at_least(least: float, **values: float) -> None:
    """Refuse what is less; raises UsageError."""
    for name, value in values.items():
        if not value >= least:
            raise _refusal(name, f"at least {least:g}", value)


def _bound(most: float) -> str:
    return f" and at most {most:,.0f}" if math.isfinite(most) else ""


def _refusal(name: str, wanted: str, value: float) -> UsageError:
    return UsageError(f"{name.replace('_', '-')} must be {wanted}, not {value}")
