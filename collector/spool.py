"""What waits for Kafka: batches in order, and what is given up when there is no more room.

Where there is a directory, what waits longer than a moment is in files, and what is in memory is newer than all of
them: a killed collector loses the newest only, and leaves no hole in the order.
"""

import enum
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from collector.spool_files import BrokenFile, Outgoing, SpoolDirectory, SpoolFile, size_on_disk
from schemas.topics import MAX_RECORD_BYTES

LOG: Final = logging.getLogger(__name__)
_UNSAFE: Final = 3
"""Batches in memory where there is a directory: what a moment's delay needs, and all that a killed collector loses."""

Delivered = Callable[[], None]


class Keep(enum.Enum):
    """What stays when the spool is full."""

    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """How much may wait, and where.

    Attributes:
        memory_bytes: Batches in memory, together.
        directory: Holds what waits for longer than a moment; None for memory alone.
        directory_bytes: Files in the directory, together, in whole blocks of the disk.
        keep: What stays when neither has room.
    """

    memory_bytes: int
    directory: Path | None = None
    directory_bytes: int = 0
    keep: Keep = Keep.OLDEST


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch in the spool: its bytes are in memory, or in a file.

    Attributes:
        number: Its place in the order, unique in the spool and its directory.
        place: Where its bytes are.
        delivered: Called when Kafka has acknowledged it.
    """

    number: int
    place: Outgoing | SpoolFile
    delivered: Delivered | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """A batch that is given up.

    Attributes:
        stage: Where: `spool_full`, `spool_failed` (a file could not be written), `spool_broken` (nor read).
        connections: How many connections.
        reason: Why, for a person.
    """

    stage: str
    connections: int
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """How much waits in one place.

    Attributes:
        batches: How many.
        size: Bytes.
    """

    batches: int = 0
    size: int = 0

    def plus(self, place: Outgoing | SpoolFile) -> "Held":
        """With one more."""
        return Held(self.batches + 1, self.size + place.size)

    def minus(self, place: Outgoing | SpoolFile) -> "Held":
        """With one less."""
        return Held(self.batches - 1, self.size - place.size)


class Spool:
    """A queue whose head is handed over, then let go, or taken back and handed over again.

    A batch that was handed over may have been delivered, so it is never dropped for a newer one.

    Attributes:
        in_memory: Batches whose bytes are in memory.
        in_files: Batches whose bytes are in the directory.
        on_the_way: Batches handed over and not let go, wherever their bytes are.
    """

    def __init__(self, limits: SpoolLimits) -> None:
        """Begin with what an earlier start has left in the directory; errors as `SpoolDirectory`."""
        self._limits = limits
        self._directory = SpoolDirectory(limits.directory) if limits.directory else None
        self._queued: deque[Waiting] = deque()
        self._handed_over: dict[int, Waiting] = {}
        self.in_memory = self.in_files = self.on_the_way = Held()
        for file in self._directory.left_behind() if self._directory else ():
            self._add(file.number, file, None)
        self._number = self._queued[-1].number + 1 if self._queued else 1

    @property
    def memory_bytes(self) -> int:
        """How much may wait in memory."""
        return self._limits.memory_bytes

    def __len__(self) -> int:
        """Batches that were not let go."""
        return len(self._queued) + len(self._handed_over)

    def has_room(self) -> bool:
        """Whether a record of the largest size would be kept in memory."""
        return self._fits_memory(MAX_RECORD_BYTES)

    def put(self, outgoing: Outgoing, delivered: Delivered | None) -> list[Loss]:
        """Add a batch at the end; what is given up for it, which may be itself."""
        lost: list[Loss] = []
        try:
            while (place := self._placed(outgoing)) is None:
                if self._limits.keep is Keep.OLDEST or not self._queued:
                    return [*lost, Loss("spool_full", outgoing.connections, f"{len(self)} batches wait for Kafka")]
                dropped = self._queued.popleft()
                self._forget(dropped)
                lost.append(Loss("spool_full", dropped.place.connections, "a newer batch needs its place"))
        except OSError as error:
            return [*lost, Loss("spool_failed", outgoing.connections, f"no file for it: {error.strerror}")]
        self._add(self._number, place, delivered)
        self._number += 1
        return lost

    def head(self) -> Waiting | None:
        """The next batch to hand over."""
        return self._queued[0] if self._queued else None

    def read(self, waiting: Waiting) -> Outgoing:
        """The batch's bytes; raises BrokenFile."""
        if isinstance(waiting.place, Outgoing):
            return waiting.place
        return self._files().read(waiting.place)

    def hand_over(self) -> None:
        """The head is on its way."""
        waiting = self._queued.popleft()
        self._handed_over[waiting.number] = waiting
        self.on_the_way = self.on_the_way.plus(waiting.place)

    def take_back(self) -> None:
        """Everything on its way is queued again, in the old order."""
        self._queued.extendleft(reversed(self._handed_over.values()))
        self._handed_over.clear()
        self.on_the_way = Held()

    def let_go(self, number: int) -> Waiting:
        """A batch on its way needs no keeping any more."""
        waiting = self._handed_over.pop(number)
        self.on_the_way = self.on_the_way.minus(waiting.place)
        self._forget(waiting)
        return waiting

    def skip(self, reason: BrokenFile) -> Loss:
        """The head cannot be read, so it is given up; its file stays, under another name."""
        waiting = self._queued.popleft()
        if isinstance(waiting.place, SpoolFile):
            self._files().set_aside(waiting.place)
            self.in_files = self.in_files.minus(waiting.place)
        return Loss("spool_broken", waiting.place.connections, str(reason))

    def sync(self) -> None:
        """What was let go stays away also after a crash of the machine."""
        if self._directory is not None:
            self._directory.sync()

    def close(self) -> tuple[int, int]:
        """Keep what can be kept for the next start: how many batches are in files now, and how many nowhere."""
        self.take_back()
        waiting = len(self)
        if self._directory is not None:
            self._keep_for_the_next_start()
            self._directory.close()
        return self.in_files.batches, waiting - self.in_files.batches

    def _keep_for_the_next_start(self) -> None:
        try:
            while not self._memory_is_in_files() and self._limits.keep is Keep.NEWEST and self.in_files.batches:
                self._forget(self._queued.popleft())
        except OSError as error:
            LOG.warning("%d batches could not be put into files (%s)", self.in_memory.batches, error.strerror)

    def _placed(self, outgoing: Outgoing) -> Outgoing | SpoolFile | None:
        waits = self.in_files.batches or self.in_memory.batches >= _UNSAFE or not self._fits_memory(outgoing.size)
        try:
            if waits and self._memory_is_in_files() and self._fits_directory(outgoing):
                return self._files().write(self._number, outgoing)
        except OSError as error:
            if not self._fits_memory(outgoing.size):
                raise
            LOG.warning("batches wait in memory: none can be put into the spool directory (%s)", error.strerror)
        return outgoing if self._fits_memory(outgoing.size) else None

    def _memory_is_in_files(self) -> bool:
        """Put what is in memory into files, the oldest first; whether all had room. Raises OSError."""
        while self.in_memory.batches:
            waiting = self._oldest_in_memory()
            if not self._to_file(waiting):
                return False
        return self._directory is not None

    def _oldest_in_memory(self) -> Waiting:
        place = self.in_files.batches  # all files are older
        if place < len(self._handed_over):
            return next(islice(self._handed_over.values(), place, None))
        return self._queued[place - len(self._handed_over)]

    def _to_file(self, waiting: Waiting) -> bool:
        """Whether there was room; raises OSError."""
        outgoing = waiting.place
        if not isinstance(outgoing, Outgoing) or not self._fits_directory(outgoing):
            return False
        file = self._files().write(waiting.number, outgoing)
        moved = replace(waiting, place=file)
        if waiting.number in self._handed_over:
            self._handed_over[waiting.number] = moved
            self.on_the_way = self.on_the_way.minus(outgoing).plus(file)
        else:
            self._queued[self._queued.index(waiting)] = moved
        self.in_memory = self.in_memory.minus(outgoing)
        self.in_files = self.in_files.plus(file)
        return True

    def _fits_memory(self, size: int) -> bool:
        return self.in_memory.batches == 0 or self.in_memory.size + size <= self._limits.memory_bytes

    def _fits_directory(self, outgoing: Outgoing) -> bool:
        needed = self.in_files.size + size_on_disk(outgoing)
        return self._directory is not None and needed <= self._limits.directory_bytes

    def _files(self) -> SpoolDirectory:
        assert self._directory is not None  # files come from it alone
        return self._directory

    def _add(self, number: int, place: Outgoing | SpoolFile, delivered: Delivered | None) -> None:
        self._queued.append(Waiting(number, place, delivered))
        if isinstance(place, Outgoing):
            self.in_memory = self.in_memory.plus(place)
        else:
            self.in_files = self.in_files.plus(place)

    def _forget(self, waiting: Waiting) -> None:
        if isinstance(waiting.place, Outgoing):
            self.in_memory = self.in_memory.minus(waiting.place)
        else:
            self.in_files = self.in_files.minus(waiting.place)
            self._files().remove(waiting.place)
