"""How a worker ends: the steps under way may finish, then everything is closed, within a time that Kubernetes gives."""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from schemas.errors import NetpolError, Unavailable

FINISH_S: Final = 15.0
"""For the steps under way. What is not finished then is read again by the next worker."""
CLOSE_S: Final = 20.0
"""For all of the end, well below Kubernetes' thirty seconds (terminationGracePeriodSeconds)."""
_NUMBERS: Final = (signal.SIGTERM, signal.SIGINT)
Part: TypeAlias = Coroutine[Any, Any, object]


class Signals:
    """SIGTERM and SIGINT: the first asks for the end, the second is the end, as if nobody had listened.

    For the running event loop.
    """

    def __init__(self) -> None:
        self._stop = asyncio.Event()
        for number in _NUMBERS:
            asyncio.get_running_loop().add_signal_handler(number, self._first)

    async def wait(self) -> None:
        """Until the first."""
        await self._stop.wait()

    def _first(self) -> None:
        self._stop.set()
        for number in _NUMBERS:
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)


class Deadline:
    """Ends the process if its end takes too long, whatever hangs then: a thread, a request, a library."""

    def __init__(self, seconds: float = CLOSE_S) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None

    def begin(self, code: int) -> None:
        """From now on; `code` is the exit code then."""
        self._timer = threading.Timer(self._seconds, os._exit, [code])
        self._timer.daemon = True
        self._timer.start()

    def met(self) -> None:
        """The end is there in time."""
        if self._timer is not None:
            self._timer.cancel()


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs side by side.

    Attributes:
        work: Ends by itself after `stop`, and gets the time for it unless something has failed.
        rest: Is cancelled.
        stop: Tells the work to end.
        close: Is done last.
    """

    work: tuple[Part, ...]
    rest: tuple[Part, ...]
    stop: Callable[[], None]
    close: Callable[[], Awaitable[None]]


async def run_parts(parts: Parts, deadline: Deadline) -> None:
    """Run all parts until one of the rest ends or anything fails, then end them.

    Raises:
        NetpolError: What failed, `Unavailable` if it is no error of ours.
    """
    working, others = _started(parts.work), _started(parts.rest)
    done, _ = await asyncio.wait({*working, *others}, return_when=asyncio.FIRST_COMPLETED)
    failure = _failure(done)
    deadline.begin(0 if failure is None else Unavailable.exit_code)
    parts.stop()
    if failure is None:
        done, _ = await asyncio.wait(working, timeout=FINISH_S)
        failure = _failure(done)
    for task in (*working, *others):
        task.cancel()
    await asyncio.gather(*working, *others, return_exceptions=True)
    await parts.close()
    _raise(failure)


def _started(parts: Iterable[Part]) -> list[asyncio.Task[object]]:
    return [asyncio.create_task(part) for part in parts]


def _failure(done: Iterable[asyncio.Task[object]]) -> BaseException | None:
    return next((error for error in (task.exception() for task in done) if error is not None), None)


def _raise(failure: BaseException | None) -> None:
    if isinstance(failure, NetpolError):
        raise failure
    if failure is not None:
        raise Unavailable(f"the stream worker cannot go on: {failure!r}") from failure
