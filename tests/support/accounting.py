"""Law 4 at the end of a test: connections in = in edges + unresolved + ignored by reason + dead letters + counted loss.

All of it is read from the topics. Of a batch that was enriched more than once, the first record of each partition
counts, as it does for the windows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

from whole_topics import placed, whole

from schemas.codec import BadRecord
from schemas.framing import Reader
from schemas.kafka import KafkaSettings, require_topics
from schemas.records import BatchSource, ConnectionBatch, DeadLetter, WorkloadEdges, WorkloadPeer, WorkloadWindow
from schemas.topics import CONNECTIONS, DEAD_LETTERS, WORKLOAD_EDGES, WORKLOAD_WINDOWS

_UNKNOWN = 2
_SHOWN = 5


class Batch(NamedTuple):
    """What names a batch for ever."""

    cluster: str
    node: str
    boot_id: str
    sequence: int


@dataclass(slots=True)
class Account:
    """Connections by what became of them.

    Attributes:
        made: All that came in, each batch once.
        edges: Those that became edges.
        unresolved: Those whose own end nobody knows, by reason.
        ignored: Those left out on purpose, by reason.
        dead_letters: Those of batches that could not be used.
        unheard: Batches of which not every partition has heard.
        missing: Batches of which some connections are nowhere (positive), or told more than once (negative).
    """

    made: int = 0
    edges: int = 0
    unresolved: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    dead_letters: int = 0
    unheard: set[Batch] = field(default_factory=set)
    missing: dict[Batch, int] = field(default_factory=dict)

    @property
    def explained(self) -> int:
        """All but what is missing."""
        return self.edges + self.unresolved.total() + self.ignored.total() + self.dead_letters


def assert_accounted(kafka: KafkaSettings, connections_in: int | None = None) -> Account:
    """Every connection of `netpol.connections` is accounted for, once; `connections_in` says how many there must be.

    Both stages must have worked on all that they were given.
    """
    made = {batch_of(batch.cluster, batch): sum(batch.connections.counts) for batch in whole(kafka, CONNECTIONS)}
    account = balance(made, edges_of(kafka), _dead(kafka, whole(kafka, DEAD_LETTERS)))
    assert account.missing == {}, f"{len(account.missing)} batches, {dict(islice(account.missing.items(), _SHOWN))}"
    assert account.unheard == set(), f"{len(account.unheard)} batches, {list(islice(account.unheard, _SHOWN))}"
    assert account.made == account.explained
    assert connections_in is None or account.made == connections_in
    return account


def balance(
    made: Mapping[Batch, int], partitions: Sequence[Sequence[WorkloadEdges]], dead_letters: Mapping[Batch, int]
) -> Account:
    """The account of batches, given the records of each partition in their order."""
    account = Account(sum(made.values()), dead_letters=sum(dead_letters.values()))
    told: dict[Batch, BatchSource] = {}
    explained: dict[Batch, Fraction] = {batch: Fraction(count) for batch, count in dead_letters.items()}
    parts: list[_Part] = []
    heard: Counter[Batch] = Counter()
    for records in partitions:
        for record, new in _first_told(records):
            heard.update(new.values())
            for batch, source in _sources(record):
                told.setdefault(batch, source)
            parts += _parts(record, new)
    servers: dict[tuple[object, ...], set[object]] = {}
    for part in parts:
        servers.setdefault(part.flow, set()).add(part.server)
    for part in parts:
        explained[part.batch] = explained.get(part.batch, Fraction()) + part.count / len(servers[part.flow])
    account.edges = int(sum(explained.values()) - account.dead_letters)
    for batch, source in told.items():
        account.unresolved.update(dict(source.unresolved))
        account.ignored.update(dict(source.ignored))
        left_out = sum(count for _, count in (*source.unresolved, *source.ignored))
        explained[batch] = explained.get(batch, Fraction()) + left_out
    account.unheard = {batch for batch, times in heard.items() if times != len(partitions)}
    differences = {batch: made.get(batch, 0) - explained.get(batch, Fraction()) for batch in {*made, *explained}}
    account.missing = {batch: count for batch, count in differences.items() if count}
    return account


def assert_windowed(kafka: KafkaSettings) -> None:
    """What was told of a workload in edges is what its windows count, where no window leaves out what it explains."""
    told: Counter[str] = Counter()
    for records in edges_of(kafka):
        for record, new in _first_told(records):
            columns = record.edges
            for source, workload, count in zip(columns.sources, columns.workloads, columns.counts, strict=True):
                if source in new:
                    told[f"{record.cluster}/{record.workloads[workload].ref}"] += count
    counted: Counter[str] = Counter()
    for window in latest(whole(kafka, WORKLOAD_WINDOWS)).values():
        counted[window.key] += sum(
            one.client_count + one.server_count + one.unknown_count + one.client_attempts + one.server_attempts
            for one in window.edges
        )
    assert counted == told


def latest(windows: Iterable[WorkloadWindow]) -> dict[tuple[str, int], WorkloadWindow]:
    """The latest revision of each window."""
    found: dict[tuple[str, int], WorkloadWindow] = {}
    for window in windows:
        known = found.get((window.key, window.start))
        if known is None or known.revision <= window.revision:
            found[window.key, window.start] = window
    return found


def batch_of(cluster: str, source: BatchSource | ConnectionBatch) -> Batch:
    """Its name."""
    return Batch(cluster, source.node, source.boot_id, source.sequence)


def edges_of(kafka: KafkaSettings) -> list[list[WorkloadEdges]]:
    """Each partition's records in order."""
    (partitions,) = require_topics(kafka, [WORKLOAD_EDGES]).values()
    found: list[list[WorkloadEdges]] = [[] for _ in range(partitions)]
    for partition, record in placed(kafka, WORKLOAD_EDGES):
        found[partition].append(record)
    return found


def _sources(record: WorkloadEdges) -> list[tuple[Batch, BatchSource]]:
    return [(batch_of(record.cluster, source), source) for source in record.sources]


def _first_told(records: Iterable[WorkloadEdges]) -> Iterator[tuple[WorkloadEdges, dict[int, Batch]]]:
    """Each record of a partition with those of its sources, by place, that are no repetition."""
    heard: set[Batch] = set()
    for record in records:
        new: dict[int, Batch] = {}
        for place, (batch, _) in enumerate(_sources(record)):
            if batch not in heard:
                heard.add(batch)
                new[place] = batch
        yield record, new


class _Part(NamedTuple):
    """A row that counts: connections are told to each server behind one Service, and to both ends as unknown."""

    batch: Batch
    count: Fraction
    flow: tuple[object, ...]
    server: object


def _parts(record: WorkloadEdges, new: Mapping[int, Batch]) -> Iterator[_Part]:
    """The rows of each connection's observer, or of the other end if the observer has no workload."""
    columns = record.edges
    services = (*record.services, None)
    for number, count in enumerate(columns.counts):
        batch, peer = new.get(columns.sources[number]), record.peers[columns.peers[number]]
        subject, role = record.workloads[columns.workloads[number]], columns.roles[number]
        own, alone = role == columns.observed_by[number], not isinstance(peer, WorkloadPeer)
        if batch is None or not (own or alone):
            continue
        flow: tuple[object, ...] = (batch, subject, number)
        if columns.shared and columns.shared[number]:
            flow = (batch, services[columns.services[number]], own, alone, count, columns.first_seen[number])
        halves = 2 if role == _UNKNOWN and not alone else 1
        yield _Part(batch, Fraction(count, halves), flow, (peer if own else subject, columns.ports[number]))


def _dead(kafka: KafkaSettings, letters: Iterable[DeadLetter]) -> dict[Batch, int]:
    """Batches that could be read and not be used."""
    read, found = Reader(ConnectionBatch), {}
    for letter in letters:
        if letter.topic == kafka.topic(CONNECTIONS) and letter.value:
            try:
                batch = read(letter.value)
            except BadRecord:
                continue
            found[batch_of(batch.cluster, batch)] = sum(batch.connections.counts)
    return found
