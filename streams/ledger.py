"""What has been heard of each collector boot, and what is missing."""

from dataclasses import dataclass
from typing import NamedTuple

from schemas.records import BatchSource, Counts, Millis, WindowSource


class Boot(NamedTuple):
    """One start of one node's collector."""

    node: str
    boot_id: str


@dataclass(slots=True)
class _Heard:
    sequence: int
    until: Millis
    missing: int
    losses: Counts
    replayed: bool = False


class Defect(NamedTuple):
    """Something that was not seen, and the time in which it happened."""

    reason: str
    start: Millis
    end: Millis


class News(NamedTuple):
    """What one batch changes.

    Attributes:
        repeated: It has been applied before, by this very worker.
        missing: Numbers skipped so far in this boot.
        defects: What is newly known to be missing.
    """

    repeated: bool
    missing: int = 0
    defects: tuple[Defect, ...] = ()


class Ledger:
    """The last batch of each boot.

    After a restart the ledger begins with what the emitted windows tell. A window may be older than the last batch
    heard, so the first batch after a restart is no evidence of a gap.
    """

    def __init__(self) -> None:
        self._heard: dict[Boot, _Heard] = {}

    def restore(self, source: WindowSource) -> None:
        """Begin with what an emitted window says of a boot."""
        boot = Boot(source.node, source.boot_id)
        known = self._heard.get(boot)
        if known is None or known.sequence < source.last_sequence:
            self._heard[boot] = _Heard(source.last_sequence, 0, source.missing, source.losses, replayed=True)

    def hear(self, batch: BatchSource) -> News:
        """Take note of a batch; a node's batches come in order."""
        boot = Boot(batch.node, batch.boot_id)
        known = self._heard.get(boot)
        if known is None or known.replayed:
            return self._first(boot, batch, known)
        if batch.sequence <= known.sequence:
            return News(repeated=True)
        gap = batch.sequence - known.sequence - 1
        defects = _gap(batch, gap, known.until) + _lost(batch, known.losses, known.until)
        self._heard[boot] = _Heard(batch.sequence, batch.interval_end, known.missing + gap, batch.losses)
        return News(repeated=False, missing=known.missing + gap, defects=defects)

    def forget(self, before: Millis) -> None:
        """Drop boots that were last heard before the moment."""
        for boot, heard in tuple(self._heard.items()):
            if heard.until < before and not heard.replayed:
                del self._heard[boot]

    def _first(self, boot: Boot, batch: BatchSource, known: _Heard | None) -> News:
        """A boot's batches are numbered from 0, so only number 0 shows its losses from the beginning."""
        missing = known.missing if known is not None else 0
        if known is not None and batch.sequence <= known.sequence:
            return News(repeated=False, missing=missing)
        self._heard[boot] = _Heard(batch.sequence, batch.interval_end, missing, batch.losses)
        begins = batch.sequence == 0 or (known is not None and batch.sequence == known.sequence + 1)
        losses = known.losses if known is not None else ()
        defects = _lost(batch, losses, batch.interval_start) if begins else ()
        return News(repeated=False, missing=missing, defects=defects)


def _gap(batch: BatchSource, gap: int, since: Millis) -> tuple[Defect, ...]:
    if not gap:
        return ()
    return (Defect(f"batches of node {batch.node} are missing", since, batch.interval_start),)


def _lost(batch: BatchSource, before: Counts, since: Millis) -> tuple[Defect, ...]:
    earlier = dict(before)
    return tuple(
        Defect(f"node {batch.node} lost connections ({stage})", since, batch.interval_end)
        for stage, count in batch.losses
        if count > earlier.get(stage, 0)
    )
