"""A batch of connections as observations of workloads: pure, `enrich`.

An observation keeps the subject's role and the end that saw it apart, so that nothing is counted twice.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Final, TypeAlias

from schemas.records import BatchSource, ConnectionBatch, Connections, counts_of
from schemas.records.connections import BASES, PROTOCOLS, ROLES
from streams.directory.directory import Directory
from streams.directory.ends import End, PodEnd, Server
from streams.directory.kept import Kept
from streams.directory.leases import FOREVER
from streams.directory.resolve import (
    Asked,
    Flow,
    Link,
    Outcome,
    Own,
    Span,
    Unresolved,
    is_plain,
    left_out,
    resolve,
    told,
)
from streams.objects.addresses import is_loopback, unmapped

_MOST_CONNECTIONS: Final = 1 << 44
"""Of a batch: more than a node makes in years, and so few that half a million such batches fit a window's longs."""
Pair: TypeAlias = tuple[int, PodEnd, PodEnd, tuple[Server, ...]]
"""Position in the batch, own end, the only server's end, that server."""


@dataclass(frozen=True, slots=True)
class Enriched:
    """What became of a batch: connections = used + unresolved + ignored.

    Attributes:
        source: The batch, with its unresolved and ignored connections.
        batch: As it came.
        pairs: Connections between two pods, of which `links_of` says all. They are most, so links are not made of them.
        links: At least one for every other connection used.
        rows: For each link, the position of its connection in the batch.
        connections: All connections of the batch.
        used: Of these, those that became links.
    """

    source: BatchSource
    batch: ConnectionBatch
    pairs: list[Pair]
    links: list[Link]
    rows: list[int]
    connections: int
    used: int

    def __len__(self) -> int:
        """How many observations."""
        return 2 * len(self.pairs) + len(self.links)

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return self.batch.cluster


def enrich(batch: ConnectionBatch, directory: Directory, kept: Kept | None = None) -> Enriched:
    """All of a batch.

    Args:
        batch: What a node saw.
        directory: Who held an address.
        kept: The same directory's answers for batches of about the same time.

    Raises:
        ValueError: Columns disagree, a number is out of range or an address is none.
        IndexError: An index is out of range.
    """
    columns = batch.connections
    _check(columns)
    span = _span(batch)
    if kept is None or not kept.covers(*span):
        kept = Kept(directory, span)
    pairs: list[Pair] = []
    links: list[Link] = []
    rows: list[int] = []
    unresolved: Counter[str] = Counter()
    ignored: Counter[str] = Counter()
    for row, outcome in _outcomes(batch, kept, pairs):
        if isinstance(outcome, tuple):
            links += outcome
            rows += repeat(row, len(outcome))
        elif isinstance(outcome, Unresolved):
            unresolved[outcome.reason] += columns.counts[row]
        else:
            ignored[outcome.reason] += columns.counts[row]
    source = BatchSource(
        batch.node, batch.boot_id, batch.sequence, batch.interval_start, batch.interval_end, batch.losses,
        counts_of(unresolved), counts_of(ignored), batch.held,
    )  # fmt: skip
    total = sum(columns.counts)
    return Enriched(source, batch, pairs, links, rows, total, total - unresolved.total() - ignored.total())


def _check(columns: Connections) -> None:
    """What the loop over the rows would not notice."""
    by_row = (
        columns.roles, columns.bases, columns.protocols, columns.established, columns.local, columns.remote,
        columns.ports, columns.counts, columns.first_seen, columns.last_seen, columns.pods,
    )  # fmt: skip
    if len(set(map(len, by_row))) != 1:
        raise ValueError("columns differ in length")
    if min((*columns.local, *columns.remote, *columns.pods, *columns.counts), default=0) < 0:
        raise ValueError("an index or a count is negative")
    if columns.ports and not 0 <= min(columns.ports) <= max(columns.ports) < 1 << 16:
        raise ValueError("a port is out of range")
    for codes, names in ((columns.roles, ROLES), (columns.bases, BASES), (columns.protocols, PROTOCOLS)):
        if max(codes, default=0) >= len(names):
            raise IndexError(f"a code is not below {len(names)}")


def check_sums(batch: ConnectionBatch) -> None:
    """What would not fit the longs of the records that are made of it, though each number fits those of the batch.

    Raises:
        ValueError: A sum is out of range.
    """
    if sum(batch.connections.counts) >= _MOST_CONNECTIONS:
        raise ValueError("the counts are out of range")
    if max(map(abs, (batch.interval_start, batch.interval_end, *_span(batch)))) >= FOREVER:
        raise ValueError("a moment is out of range")


def _span(batch: ConnectionBatch) -> Span:
    """Bounds of when its connections were seen."""
    firsts, lasts = batch.connections.first_seen, batch.connections.last_seen
    least = min(firsts, default=0) + min(0, min(lasts, default=0))
    most = max(firsts, default=0) + max(0, max(lasts, default=0))
    return batch.interval_start + least, batch.interval_start + most


def _outcomes(batch: ConnectionBatch, kept: Kept, pairs: list[Pair]) -> Iterator[tuple[int, Outcome]]:
    """What becomes of each row, without those that are added to the pairs.

    What the batch's rows have in common is asked for once.
    """
    columns = batch.connections
    addresses = [unmapped(address) for address in columns.addresses]
    loopback = any(map(is_loopback, addresses))
    owns: dict[tuple[int, int], End | None] = {}
    others = kept.others
    for row, (role, protocol, local, remote, port, pod) in enumerate(
        zip(columns.roles, columns.protocols, columns.local, columns.remote, columns.ports, columns.pods, strict=True)
    ):
        near, far = addresses[local], addresses[remote]
        if loopback or near == far:
            ignored = left_out(near, far)
            if ignored is not None:
                yield row, ignored
                continue
        own = owns.get((pod, local))
        if own is None:
            own = owns[pod, local] = kept.own_end(Own(columns.pod_uids[pod], near))
        asking = others.get((role, protocol, far, port))
        if asking is None:
            asking = kept.other_ends(Asked(role, PROTOCOLS[protocol], far, port))
            others[role, protocol, far, port] = asking
        servers, plain = asking
        if plain is not None and servers and isinstance(own, PodEnd) and is_plain(own, plain):
            pairs.append((row, own, plain, servers))
        elif own and servers:
            yield row, told(role, own, servers)
        else:
            yield row, resolve(_flow(batch, row, near, far), kept.directory)


def _flow(batch: ConnectionBatch, row: int, local: bytes, remote: bytes) -> Flow:
    columns = batch.connections
    first = batch.interval_start + columns.first_seen[row]
    seen = (first, first + columns.last_seen[row])
    protocol, uid = PROTOCOLS[columns.protocols[row]], columns.pod_uids[columns.pods[row]]
    return Flow(columns.roles[row], protocol, local, remote, columns.ports[row], uid, seen)
