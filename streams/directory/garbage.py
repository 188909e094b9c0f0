"""When Python looks for reference cycles: not again and again in an inventory of a million objects that has none."""

import gc
from typing import Final

_ALLOCATIONS: Final = 100_000
"""A step makes tens of thousands of rows that stay until it ends; a look in its middle finds nothing."""


def wait() -> None:
    """No look while much is read that will stay."""
    gc.disable()


def settle() -> None:
    """What is there now stays out of later looks; it is still freed when nobody holds it any more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 20)
    gc.enable()
