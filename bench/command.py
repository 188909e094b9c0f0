"""How a benchmark ends before it is done: what it has made is removed, and its last word is one line or none."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import click

from schemas.errors import NetpolError

_INTERRUPTED: Final = 130
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def in_order(program: str) -> Iterator[None]:
    """Around all that a benchmark does; an error or a signal ends the program after the block has cleaned up.

    Args:
        program: Its name, before the line that says what is missing.

    Raises:
        SystemExit: With the error's exit code, or 130 for a signal.
    """
    before = {number: signal.signal(number, _interrupt) for number in _SIGNALS}
    try:
        yield
    except NetpolError as error:
        click.echo(f"{program}: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """The first signal ends the run in order; further ones don't disturb that."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
