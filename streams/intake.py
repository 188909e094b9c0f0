"""What has arrived from Kafka and waits to be worked on, in order; and what goes back to it."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from schemas.dead_letters import RawRecord
from streams.tally import Held, Tally

MOST_RECORDS: Final = 2_000
MOST_BYTES: Final = 64 * 1024 * 1024
"""Of one topic; a step takes no more, and what it makes of it is some times as large."""
_POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record that arrived.

    Attributes:
        raw: The record.
        generation: The group's generation when it was fetched; one of an earlier generation is fetched again.
        received: When it arrived, seconds of the monotonic clock.
    """

    raw: RawRecord
    generation: int
    received: float


@dataclass(frozen=True, slots=True)
class Output:
    """A record to be written.

    Attributes:
        topic: Its full name.
        partition: Chosen by the writer.
        key: None if it has none.
        value: Framed.
    """

    topic: str
    partition: int
    key: bytes | None
    value: bytes


@dataclass(frozen=True, slots=True)
class BadArrival:
    """A record that cannot be used, and why."""

    raw: RawRecord
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of some arrivals: all of it is safe in Kafka before they are committed."""

    outputs: tuple[Output, ...] = ()
    bad: tuple[BadArrival, ...] = ()
    tally: Tally = field(default_factory=Tally)


class Stage(Protocol):
    """One step of the way: arrivals to outputs."""

    async def begin(self, partitions: frozenset[int]) -> None:
        """These partitions are this worker's from now on, and no others; what was known of any may be out of date."""

    async def step(self, arrivals: tuple[Arrival, ...]) -> Result:
        """What becomes of the arrivals, in their order."""

    def held(self) -> Held:
        """What is kept between steps."""


async def until(condition: Callable[[], bool], deadline: float = math.inf) -> None:
    """Wait for something that another thread changes, or until the deadline of the monotonic clock."""
    while not condition() and time.monotonic() < deadline:  # noqa: ASYNC110  threads do not set asyncio's events
        await asyncio.sleep(_POLL_S)


class Intake:
    """A queue bounded by records and by bytes; for one writer and one reader.

    Attributes:
        size: Bytes that wait.
    """

    def __init__(self) -> None:
        self._waiting: deque[Arrival] = deque()
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self.size = 0

    async def put(self, raw: RawRecord, generation: int) -> None:
        """Add a record; waits while there is no room for it. A record always fits an empty queue."""
        size = _size(raw)
        while self._waiting and (len(self._waiting) >= MOST_RECORDS or self.size + size > MOST_BYTES):
            self._emptied.clear()
            await self._emptied.wait()
        self._waiting.append(Arrival(raw, generation, time.monotonic()))
        self.size += size
        self._filled.set()

    async def take(self, most: int, within_s: float) -> tuple[Arrival, ...]:
        """What waits, in order, `most` at the most; the first is given the time to be joined by others.

        Nothing if the reader was woken by `wake` and there is nothing.
        """
        await self._filled.wait()
        if 0 < len(self._waiting) < most:
            await asyncio.sleep(within_s)
        taken = tuple(self._waiting.popleft() for _ in range(min(most, len(self._waiting))))
        self.size -= sum(_size(arrival.raw) for arrival in taken)
        if not self._waiting:
            self._filled.clear()
        self._emptied.set()
        return taken

    def wake(self) -> None:
        """Let the reader look about, even if nothing has come."""
        self._filled.set()


def _size(raw: RawRecord) -> int:
    return len(raw.key or b"") + len(raw.value or b"")
