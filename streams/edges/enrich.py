"""A batch of connections as observations of workloads: pure, `enrich`.

An observation keeps the subject's role and the end that saw it apart, so that nothing is counted twice.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import eq
from typing import Final

import numpy as np

from schemas.records import BatchSource, ConnectionBatch, Connections, counts_of
from schemas.records.connections import BASES, PROTOCOLS, ROLES
from streams.directory.leases import FOREVER
from streams.directory.resolve import Flow, Ignored, Link, Outcome, Span, Unresolved, left_out, resolve, told
from streams.edges.answers import NOBODY, Answers
from streams.edges.tables import Longs
from streams.objects.addresses import is_loopback, unmapped

_MOST_CONNECTIONS: Final = 1 << 44
"""Of a batch: more than a node makes in years, and so few that half a million such batches fit a window's longs."""
_V4: Final = 4
_LOOPBACK: Final = 127


@dataclass(frozen=True, slots=True)
class Plain:
    """Connections between plain ends, in columns: they are most, so no links are made. `links_of` says just the same.

    Attributes:
        rows: Positions in the batch.
        workloads: Of own ends; this and the following are numbers of the tables.
        peers: Own ends, as peers.
        far_workloads: Of other ends, -1 if it is no pod.
        far_peers: Other ends, as peers.
        services: Between them, or -1.
        ports: Of the servers.
        nodes: Where other ends ran, or -1.
    """

    rows: Longs
    workloads: Longs
    peers: Longs
    far_workloads: Longs
    far_peers: Longs
    services: Longs
    ports: Longs
    nodes: Longs

    def __len__(self) -> int:
        """How many observations."""
        return len(self.rows) + int(np.count_nonzero(self.far_workloads >= 0))


@dataclass(frozen=True, slots=True, eq=False)
class Enriched:
    """What became of a batch: connections = used + unresolved + ignored.

    Attributes:
        source: The batch, with its unresolved and ignored connections.
        batch: As it came.
        answers: By which it was enriched.
        plain: Most of the connections used.
        links: At least one for every other connection used.
        rows: For each link, the position of its connection in the batch.
        connections: All connections of the batch.
        used: Of these, those that became links.
    """

    source: BatchSource
    batch: ConnectionBatch
    answers: Answers
    plain: Plain
    links: list[Link]
    rows: list[int]
    connections: int
    used: int

    def __len__(self) -> int:
        """How many observations."""
        return len(self.plain) + len(self.links)

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return self.batch.cluster


def enrich(batch: ConnectionBatch, answers: Answers) -> Enriched:
    """All of a batch.

    Args:
        batch: What a node saw.
        answers: Who held an address; of about the batch's time, or they are asked for anew.

    Raises:
        ValueError: Columns disagree, a number is out of range or an address is none.
        IndexError: An index is out of range.
    """
    columns = batch.connections
    _check(columns)
    span, total = _span(batch), sum(columns.counts)
    if total >= _MOST_CONNECTIONS:
        raise ValueError("the counts are out of range")
    if max(map(abs, (batch.interval_start, batch.interval_end, *span))) >= FOREVER:
        raise ValueError("a moment is out of range")
    if not answers.covers(*span):
        answers = Answers(answers.directory, span, answers.tables)
    links: list[Link] = []
    rows: list[int] = []
    unresolved: Counter[str] = Counter()
    ignored: Counter[str] = Counter()
    working = _Rows(batch, answers)
    for row, outcome in working.others():
        if isinstance(outcome, tuple):
            links += outcome
            rows += [row] * len(outcome)
        elif isinstance(outcome, Unresolved):
            unresolved[outcome.reason] += columns.counts[row]
        else:
            ignored[outcome.reason] += columns.counts[row]
    source = BatchSource(
        batch.node, batch.boot_id, batch.sequence, batch.interval_start, batch.interval_end, batch.losses,
        counts_of(unresolved), counts_of(ignored), batch.held,
    )  # fmt: skip
    used = total - unresolved.total() - ignored.total()
    return Enriched(source, batch, answers, working.plain, links, rows, total, used)


def _check(columns: Connections) -> None:
    """What would not be noticed otherwise."""
    by_row = (
        columns.roles, columns.bases, columns.protocols, columns.established, columns.local, columns.remote,
        columns.ports, columns.counts, columns.first_seen, columns.last_seen, columns.pods,
    )  # fmt: skip
    if len(set(map(len, by_row))) != 1:
        raise ValueError("columns differ in length")
    if not columns.ports:
        return
    if min(map(min, (columns.local, columns.remote, columns.pods, columns.counts))) < 0:
        raise ValueError("an index or a count is negative")
    if not 0 <= min(columns.ports) <= max(columns.ports) < 1 << 16:
        raise ValueError("a port is out of range")
    for codes, names in ((columns.roles, ROLES), (columns.bases, BASES), (columns.protocols, PROTOCOLS)):
        if max(codes) >= len(names):
            raise IndexError(f"a code is not below {len(names)}")


def _span(batch: ConnectionBatch) -> Span:
    """Bounds of when its connections were seen."""
    firsts, lasts = batch.connections.first_seen, batch.connections.last_seen
    least = min(firsts, default=0) + min(0, min(lasts, default=0))
    most = max(firsts, default=0) + max(0, max(lasts, default=0))
    return batch.interval_start + least, batch.interval_start + most


class _Rows:
    """The connections of a batch by the numbers of their ends. What several have in common is asked for once.

    Attributes:
        plain: Those between plain ends that are not of one workload.
    """

    def __init__(self, batch: ConnectionBatch, answers: Answers) -> None:
        columns = batch.connections
        self._batch = batch
        self._answers = answers
        self._addresses = _unmapped(columns.addresses)
        self._far = [*map(self._addresses.__getitem__, columns.remote)]
        self._own = np.array(self._own_numbers(), np.int64)
        self._other = np.array(self._other_numbers(), np.int64)
        self._left_out = self._rows_left_out()
        plain = (self._own != NOBODY) & (self._other >= 0)
        plain[[*self._left_out]] = False
        rows = np.flatnonzero(plain)
        own, other = answers.own_ends.array()[self._own[rows]].T, answers.other_ends.array()[self._other[rows]].T
        different = own[0] != other[0]  # of one workload, they may be one pod
        self.plain = Plain(*(column[different] for column in (rows, *own, *other)))

    def others(self) -> Iterator[tuple[int, Outcome]]:
        """What becomes of each of the other rows."""
        yield from self._left_out.items()
        columns = self._batch.connections
        rest = np.ones(len(columns), np.bool_)
        rest[self.plain.rows] = False
        rest[[*self._left_out]] = False
        for row in np.flatnonzero(rest).tolist():
            role, near, far = columns.roles[row], self._addresses[columns.local[row]], self._far[row]
            own = self._answers.own_end(columns.pod_uids[columns.pods[row]], near)
            servers = self._answers.servers((role, columns.protocols[row], far, columns.ports[row]))
            if own and servers:
                yield row, told(role, own, servers)
            else:
                yield row, resolve(self._flow(row, near, far), self._answers.directory)

    def _own_numbers(self) -> Sequence[int]:
        columns, own = self._batch.connections, self._answers.own
        ends = [*zip(columns.pods, columns.local, strict=True)]
        numbers = {end: own(columns.pod_uids[end[0]], self._addresses[end[1]]) for end in dict.fromkeys(ends)}
        return [*map(numbers.__getitem__, ends)]

    def _other_numbers(self) -> Sequence[int]:
        columns, answers = self._batch.connections, self._answers
        asked = [*zip(columns.roles, columns.protocols, self._far, columns.ports, strict=True)]
        answers.ask([one for one in dict.fromkeys(asked) if one not in answers.others])
        return [*map(answers.others.__getitem__, asked)]

    def _rows_left_out(self) -> dict[int, Ignored]:
        """Rows that are none of anybody's, whoever held the addresses."""
        columns, addresses = self._batch.connections, self._addresses
        told_apart = len(set(addresses)) == len(addresses)
        if told_apart and not _any_loopback(addresses) and not any(map(eq, columns.local, columns.remote)):
            return {}
        found = enumerate(map(left_out, map(addresses.__getitem__, columns.local), self._far))
        return {row: ignored for row, ignored in found if ignored is not None}

    def _flow(self, row: int, local: bytes, remote: bytes) -> Flow:
        batch, columns = self._batch, self._batch.connections
        first = batch.interval_start + columns.first_seen[row]
        seen = (first, first + columns.last_seen[row])
        protocol, uid = PROTOCOLS[columns.protocols[row]], columns.pod_uids[columns.pods[row]]
        return Flow(columns.roles[row], protocol, local, remote, columns.ports[row], uid, seen)


def _unmapped(addresses: Sequence[bytes]) -> Sequence[bytes]:
    """All of them, v4-mapped ones unwrapped; raises ValueError for anything but 4 or 16 bytes."""
    return addresses if set(map(len, addresses)) == {_V4} else [*map(unmapped, addresses)]


def _any_loopback(addresses: Sequence[bytes]) -> bool:
    """Looks at all of them together if they are of 4 bytes each."""
    joined = b"".join(addresses)
    if len(joined) == _V4 * len(addresses):
        return _LOOPBACK in joined[::_V4]
    return any(map(is_loopback, addresses))
