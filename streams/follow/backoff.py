"""How long to wait before another attempt: exponential with jitter, so that many clients do not come back at once."""

import random
from typing import Final

FIRST_S: Final = 0.5
LONGEST_S: Final = 30.0
_DOUBLINGS: Final = 10


def pause_s(failures: int, asked_s: float = 0.0, chance: float | None = None) -> float:
    """Seconds to wait.

    Args:
        failures: In a row; 0 for none, then there is no wait.
        asked_s: What the server asked for (Retry-After); it is kept, up to the longest wait.
        chance: Between 0 and 1; random if not given.
    """
    if failures <= 0:
        return 0.0
    full = min(FIRST_S * (1 << min(failures - 1, _DOUBLINGS)), LONGEST_S)
    part = random.random() if chance is None else chance  # noqa: S311  no secret depends on it
    return max(full * (0.5 + 0.5 * part), min(asked_s, LONGEST_S))
