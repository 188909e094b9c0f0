"""A batch of connections as observations of workloads: pure, `enrich`.

An observation keeps the subject's role and the end that saw it apart, so that nothing is counted twice.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from schemas.records import BatchSource, ConnectionBatch, Millis, counts_of
from schemas.records.connections import PROTOCOLS
from streams.addresses import unmapped
from streams.directory import Directory
from streams.resolve import Flow, Ignored, Link, Unresolved, resolve


class Observation(NamedTuple):
    """A link as one end saw it in one batch; codes are those of `Connections`."""

    link: Link
    observed_by: int
    basis: int
    protocol: int
    established: int
    connections: int
    first_seen: Millis
    last_seen: Millis


@dataclass(frozen=True, slots=True)
class Enriched:
    """What became of a batch: connections = used + unresolved + ignored.

    Attributes:
        cluster: The cluster's name.
        source: The batch, with its unresolved and ignored connections.
        observations: At least one for each connection used.
        connections: All connections of the batch.
        used: Of these, those that became observations.
    """

    cluster: str
    source: BatchSource
    observations: tuple[Observation, ...]
    connections: int
    used: int


def enrich(batch: ConnectionBatch, directory: Directory) -> Enriched:
    """All of a batch; raises ValueError or IndexError if its columns disagree or an address is none."""
    observations: list[Observation] = []
    unresolved: Counter[str] = Counter()
    ignored: Counter[str] = Counter()
    used = 0
    for flow, (basis, established, count) in _flows(batch):
        outcome = resolve(flow, directory)
        if isinstance(outcome, Unresolved):
            unresolved[outcome.reason] += count
        elif isinstance(outcome, Ignored):
            ignored[outcome.reason] += count
        else:
            used += count
            observations += [
                Observation(link, flow.role, basis, PROTOCOLS.index(flow.protocol), established, count, *flow.seen)
                for link in outcome
            ]
    source = BatchSource(
        batch.node, batch.boot_id, batch.sequence, batch.interval_start, batch.interval_end, batch.losses,
        counts_of(unresolved), counts_of(ignored),
    )  # fmt: skip
    return Enriched(batch.cluster, source, tuple(observations), sum(batch.connections.counts), used)


def _flows(batch: ConnectionBatch) -> Iterator[tuple[Flow, tuple[int, int, int]]]:
    columns = batch.connections
    if min((*columns.local, *columns.remote, *columns.pods, *columns.counts), default=0) < 0:
        raise ValueError("an index or a count is negative")
    addresses = [unmapped(address) for address in columns.addresses]
    for role, basis, protocol, established, local, remote, port, count, first, last, pod in zip(
        columns.roles, columns.bases, columns.protocols, columns.established, columns.local, columns.remote,
        columns.ports, columns.counts, columns.first_seen, columns.last_seen, columns.pods, strict=True,
    ):  # fmt: skip
        begin = batch.interval_start + first
        seen = (begin, begin + last)
        uid = columns.pod_uids[pod]
        flow = Flow(role, PROTOCOLS[protocol], addresses[local], addresses[remote], port, uid, seen)
        yield flow, (basis, established, count)
