"""What has been heard of each collector boot, and what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from schemas.records import BatchSource, Counts, Millis

HELD_MS: Final = 60_000
"""Connections that a batch holds back were seen at most this long before its end; collectors hold half as long."""


class Boot(NamedTuple):
    """One start of one node's collector."""

    node: str
    boot_id: str


class Kind(Enum):
    """What can be missing; the value says it of one node, or of several."""

    GAP = "batches of {nodes} are missing"
    LOST = "{nodes} lost connections ({detail})"
    UNTOLD = "the collector of {nodes} ended before it told all that it had counted"
    UNWATCHED = "nobody watched {nodes} between two starts of the collector"
    SILENT = "{nodes} did not report"


class Defect(NamedTuple):
    """Something that was not seen, and the time in which it happened.

    Attributes:
        kind: What is missing.
        node: Whose.
        start: From when.
        end: Until when, exclusive.
        detail: The stage of a loss.
    """

    kind: Kind
    node: str
    start: Millis
    end: Millis
    detail: str = ""


class News(NamedTuple):
    """What one batch changes.

    Attributes:
        repeated: It has been heard before.
        missing: Numbers skipped so far in this boot.
        defects: What is newly known to be missing.
    """

    repeated: bool
    missing: int = 0
    defects: tuple[Defect, ...] = ()


@dataclass(slots=True)
class _Heard:
    sequence: int
    until: Millis
    missing: int
    losses: Counts
    held: int


class Ledger:
    """The last batch of each boot, a function of the batches heard: a node's batches come in order."""

    def __init__(self) -> None:
        self._heard: dict[Boot, _Heard] = {}
        self._latest: dict[str, Boot] = {}

    def hear(self, batch: BatchSource) -> News:
        """Take note of a batch."""
        boot = Boot(batch.node, batch.boot_id)
        known = self._heard.get(boot)
        if known is None:
            return self._begin(boot, batch)
        if batch.sequence <= known.sequence:
            return News(repeated=True)
        gap = batch.sequence - known.sequence - 1
        return self._next(boot, batch, known.missing + gap, _changes(batch, gap, known.until, known.losses))

    def silent(self, since: Millis) -> Iterator[tuple[str, Millis]]:
        """Nodes not heard of since then, and until when they were.

        A collector that ends in an orderly way holds nothing back in its last batch, so its node is not missed.
        """
        for node, boot in self._latest.items():
            heard = self._heard[boot]
            if heard.until < since and heard.held:
                yield node, heard.until

    def forget(self, before: Millis) -> None:
        """Drop boots that were last heard before the moment."""
        for boot in [boot for boot, heard in self._heard.items() if heard.until < before]:
            del self._heard[boot]
            if self._latest.get(boot.node) == boot:
                del self._latest[boot.node]

    def _begin(self, boot: Boot, batch: BatchSource) -> News:
        """A boot's batches are numbered from 0; the first heard of a node shows no gap, for we may begin with it."""
        earlier = self._latest.get(batch.node)
        self._latest[batch.node] = boot
        if earlier is None:
            lost = _lost(batch, (), batch.interval_start) if not batch.sequence else ()
            return self._next(boot, batch, 0, tuple(lost))
        known = self._heard[earlier]
        changes = _changes(batch, batch.sequence, known.until, ())
        return self._next(boot, batch, batch.sequence, (*_between(known, batch), *changes))

    def _next(self, boot: Boot, batch: BatchSource, missing: int, defects: tuple[Defect, ...]) -> News:
        self._heard[boot] = _Heard(batch.sequence, batch.interval_end, missing, batch.losses, batch.held)
        return News(repeated=False, missing=missing, defects=defects)


def _between(known: _Heard, batch: BatchSource) -> Iterator[Defect]:
    """A new start: what the boot before held back is lost, and nobody counted in between."""
    if known.held:
        yield Defect(Kind.UNTOLD, batch.node, known.until - HELD_MS, known.until)
    if batch.sequence == 0 and known.until < batch.interval_start:
        yield Defect(Kind.UNWATCHED, batch.node, known.until, batch.interval_start)


def _changes(batch: BatchSource, gap: int, since: Millis, losses: Counts) -> tuple[Defect, ...]:
    missing = (Defect(Kind.GAP, batch.node, since, batch.interval_start),) if gap else ()
    return (*missing, *_lost(batch, losses, since))


def _lost(batch: BatchSource, before: Counts, since: Millis) -> Iterator[Defect]:
    earlier = dict(before)
    for stage, count in batch.losses:
        if count > earlier.get(stage, 0):
            yield Defect(Kind.LOST, batch.node, since, batch.interval_end, stage)
