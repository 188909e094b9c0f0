"""Enriched batches as one record for each partition: `pack`.

Every partition hears of every batch, so that each sees the same watermark and the same gaps.
"""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.records import (
    BatchSource,
    EdgeColumns,
    Peer,
    ServiceRef,
    Workload,
    WorkloadEdges,
)
from schemas.topics import partition_of
from streams.enrich import Enriched, Observation
from streams.resolve import Link


class Packed(NamedTuple):
    """A record and where it goes."""

    partition: int
    record: WorkloadEdges


class _Row(NamedTuple):
    source: int
    workload: int
    peer: int
    service: int
    observation: Observation


class _Builder:
    """The tables and rows of one record."""

    def __init__(self) -> None:
        self._workloads: dict[Workload, int] = {}
        self._peers: dict[Peer, int] = {}
        self._services: dict[ServiceRef, int] = {}
        self._rows: list[_Row] = []
        self._known: dict[int, tuple[int, int, int]] = {}

    def add(self, source: int, observation: Observation) -> None:
        link = observation.link
        places = self._known.get(id(link))
        if places is None:
            places = self._known[id(link)] = self._places(link)
        self._rows.append(_Row(source, *places, observation))

    def _places(self, link: Link) -> tuple[int, int, int]:
        services = self._services
        return (
            self._workloads.setdefault(link.workload, len(self._workloads)),
            self._peers.setdefault(link.peer, len(self._peers)),
            -1 if link.service is None else services.setdefault(link.service, len(services)),
        )

    def record(self, cluster: str, sources: tuple[BatchSource, ...]) -> WorkloadEdges:
        seen = [row.observation for row in self._rows]
        columns = EdgeColumns(
            sources=tuple(row.source for row in self._rows),
            workloads=tuple(row.workload for row in self._rows),
            peers=tuple(row.peer for row in self._rows),
            services=tuple(row.service for row in self._rows),
            roles=bytes(one.link.role for one in seen),
            observed_by=bytes(one.observed_by for one in seen),
            bases=bytes(one.basis for one in seen),
            protocols=bytes(one.protocol for one in seen),
            established=bytes(one.established for one in seen),
            ports=tuple(one.link.port for one in seen),
            counts=tuple(one.connections for one in seen),
            first_seen=tuple(one.first_seen for one in seen),
            last_seen=tuple(one.last_seen - one.first_seen for one in seen),
            shared=bytes(one.link.shared for one in seen) if any(one.link.shared for one in seen) else b"",
        )
        return WorkloadEdges(
            cluster, sources, tuple(self._workloads), tuple(self._peers), tuple(self._services), columns
        )


def pack(batches: Sequence[Enriched], partitions: int) -> tuple[Packed, ...]:
    """One record for each cluster and partition, holding all batches in their order."""
    packed: list[Packed] = []
    for cluster in dict.fromkeys(batch.cluster for batch in batches):
        own = [batch for batch in batches if batch.cluster == cluster]
        sources = tuple(batch.source for batch in own)
        builders = _sorted_out(cluster, own, partitions)
        packed += [Packed(index, builder.record(cluster, sources)) for index, builder in enumerate(builders)]
    return tuple(packed)


def _sorted_out(cluster: str, batches: Sequence[Enriched], partitions: int) -> list[_Builder]:
    builders = [_Builder() for _ in range(partitions)]
    known: dict[int, _Builder] = {}
    for source, batch in enumerate(batches):
        for observation in batch.observations:
            workload = observation.link.workload
            builder = known.get(id(workload))
            if builder is None:
                builder = known[id(workload)] = builders[partition_of(cluster, workload.ref, partitions)]
            builder.add(source, observation)
    return builders
