"""The monitor itself: windows in, lines out, until told to stop."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from advisor.monitor.consume import Unreadable, windows
from advisor.monitor.differences import Differences
from advisor.recorded.enriched_text import enriched_text
from schemas.errors import UsageError
from schemas.kafka import KafkaSettings
from schemas.limits import positive
from schemas.records import WorkloadWindow
from schemas.stopping import stop_event

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """What to print, and how long.

    Attributes:
        kafka: How Kafka is reached; only windows of its cluster are printed.
        namespaces: Namespaces of the workloads to print; all if empty.
        output: Where the lines go, replacing the file; standard output if None.
        duration_s: Seconds until it ends by itself, finite and more than 0; never if None.
        from_beginning: Begin with the oldest window that the topic keeps, not with the next one.

    Raises:
        UsageError: The duration is none.
    """

    kafka: KafkaSettings
    namespaces: frozenset[str] = frozenset()
    output: Path | None = None
    duration_s: float | None = None
    from_beginning: bool = False

    def __post_init__(self) -> None:
        """A duration that is none would end at once or never."""
        if self.duration_s is not None:
            positive(duration=self.duration_s)

    def wants(self, window: WorkloadWindow) -> bool:
        """Whether the window is one to print."""
        ours = window.cluster == self.kafka.cluster
        return ours and (not self.namespaces or window.workload.namespace in self.namespaces)


@dataclass(slots=True)
class Summary:
    """What came of it.

    Attributes:
        lines: Printed.
        windows: Revisions they came from.
        unreadable: Records that are no window.
        forgotten: Revisions of windows older than are remembered.
    """

    lines: int = 0
    windows: int = 0
    unreadable: int = 0
    forgotten: int = 0
    differences: Differences = field(default_factory=Differences)

    def __str__(self) -> str:
        """One sentence."""
        more = f", {self.unreadable} unreadable records" if self.unreadable else ""
        late = f", {self.forgotten} revisions of windows too old to be remembered" if self.forgotten else ""
        return f"{self.lines} lines from {self.windows} windows{more}{late}"


def run(settings: MonitorSettings) -> Summary:
    """Print until the duration is over or SIGINT or SIGTERM comes.

    Raises:
        UsageError: The output cannot be written.
        Unavailable: Kafka or the topic is not there.
    """
    summary = Summary()
    with stop_event() as stop, opened(settings.output) as out:
        end = None if settings.duration_s is None else time.monotonic() + settings.duration_s
        arriving = windows(
            settings.kafka,
            lambda: stop.is_set() or (end is not None and time.monotonic() >= end),
            lambda: log.info("monitor ready"),
            from_beginning=settings.from_beginning,
        )
        for each in arriving:
            _print(each, settings, summary, out)
    log.info("%s", summary)
    return summary


def _print(each: WorkloadWindow | Unreadable, settings: MonitorSettings, summary: Summary, out: TextIO) -> None:
    if isinstance(each, Unreadable):
        summary.unreadable += 1
        log.warning("partition %d offset %d cannot be read: %s", each.partition, each.offset, each.reason)
    elif settings.wants(each):
        lines = [text for line in summary.differences.of(each) for text in enriched_text(line)]
        summary.windows += 1
        summary.lines += len(lines)
        summary.forgotten = summary.differences.forgotten
        for text in lines:
            print(text, file=out, flush=True)


@contextmanager
def opened(path: Path | None) -> Iterator[TextIO]:
    """The file to write lines to, standard output if there is none; raises UsageError."""
    if path is None:
        yield sys.stdout
        return
    try:
        opened = path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    with opened:
        yield opened
