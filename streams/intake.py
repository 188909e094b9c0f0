"""What has arrived from Kafka and waits to be worked on, in order; and what goes back to it."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from schemas.dead_letters import RawRecord
from streams.tally import Held, Tally

_CAPACITY: Final = 2_000
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
    """A bounded queue; `take` gives what has come within a moment of the first."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Arrival] = asyncio.Queue(_CAPACITY)

    async def put(self, raw: RawRecord, generation: int) -> None:
        """Add a record; waits while the queue is full."""
        await self._queue.put(Arrival(raw, generation, time.monotonic()))

    async def take(self, most: int, within_s: float) -> tuple[Arrival, ...]:
        """At least one arrival, and whatever else comes within the time, in order; `most` at the most."""
        arrivals = [await self._queue.get()]
        if self._queue.qsize() < most:
            await asyncio.sleep(within_s)
        while len(arrivals) < most and not self._queue.empty():
            arrivals.append(self._queue.get_nowait())
        return tuple(arrivals)
