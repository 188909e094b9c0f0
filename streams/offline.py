"""The same pure functions in one process, for recorded connections: no Kafka, no clock."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.records import ConnectionBatch, Counts, Millis, WorkloadWindow, counts_of
from streams.directory.directory import Directory
from streams.edges.answers import Answers
from streams.edges.enrich import Enriched, enrich
from streams.edges.pack import pack
from streams.edges.tables import Tables
from streams.windows.window import Windows, WindowSpec

_EVER: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class Offline:
    """All windows, each final, and the account: connections = used + unresolved + ignored.

    Attributes:
        windows: In order of time and workload.
        connections: All that came in.
        used: Those that became edges.
        unresolved: Those whose own end is not known, by reason.
        ignored: Those left out on purpose, by reason.
    """

    windows: tuple[WorkloadWindow, ...]
    connections: int
    used: int
    unresolved: Counts
    ignored: Counts


def analyse(batches: Iterable[ConnectionBatch], directory: Directory, window_ms: Millis, cluster: str) -> Offline:
    """Enrich and window batches of one cluster; a node's batches come in order of their sequence.

    Raises:
        ValueError: A batch's columns disagree, or an address is none.
        IndexError: The same.
    """
    windows = Windows(cluster, WindowSpec(window_ms, lateness=_EVER, retention=_EVER))
    tables = Tables(cluster, partitions=1)
    account = _Account()
    for batch in batches:
        tables.tidy()
        enriched = enrich(batch, Answers(directory, (batch.interval_start, batch.interval_end), tables))
        account.add(enriched)
        for packed in pack([enriched]):
            for _, record in packed.records():
                windows.apply(record)
    return account.with_windows(windows.finish())


class _Account:
    def __init__(self) -> None:
        self._connections = 0
        self._used = 0
        self._unresolved: Counter[str] = Counter()
        self._ignored: Counter[str] = Counter()

    def add(self, batch: Enriched) -> None:
        self._connections += batch.connections
        self._used += batch.used
        self._unresolved.update(dict(batch.source.unresolved))
        self._ignored.update(dict(batch.source.ignored))

    def with_windows(self, windows: tuple[WorkloadWindow, ...]) -> Offline:
        return Offline(windows, self._connections, self._used, counts_of(self._unresolved), counts_of(self._ignored))
