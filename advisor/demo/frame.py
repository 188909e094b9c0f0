"""What stands around the story: its folder, and the signals that end it."""

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Final

from advisor.demo.settings import DemoSettings

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def workspace(settings: DemoSettings) -> Iterator[Path]:
    """The folder for logs and objects; a temporary one is removed at the end."""
    temporary = tempfile.TemporaryDirectory(prefix="network-policy-demo-") if settings.work is None else None
    with temporary or nullcontext(str(settings.work)) as name:
        work = Path(name)
        work.mkdir(parents=True, exist_ok=True)
        yield work


@contextmanager
def ended_once() -> Iterator[None]:
    """The first signal ends the story, and later ones do not disturb the clearing away."""

    def end(number: int, _frame: FrameType | None) -> None:
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    heeded = [one for one in _SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]  # nohup ignores SIGHUP
    before = {one: signal.signal(one, end) for one in heeded}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
