"""Observations of one edge in one window, summed by the end that saw them."""

from dataclasses import dataclass, field

from schemas.records import Basis, Edge, Millis, ServiceRef
from schemas.records.connections import BASES, ROLES
from streams.order import EdgeKey

_CLIENT = 0
_SERVER = 1


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one end saw of an edge in one batch; codes are those of `EdgeColumns`."""

    observed_by: int
    basis: int
    established: bool
    count: int
    first_seen: Millis
    last_seen: Millis
    service: ServiceRef | None
    shared: bool = False


@dataclass(slots=True)
class EdgeSum:
    """Sums and unions: the order of sightings does not matter. `counts` and `attempts` are by observing end.

    `established` holds the ends that saw a connection, also one that began before and counts none.
    """

    first_seen: Millis
    last_seen: Millis
    counts: list[int] = field(default_factory=lambda: [0, 0, 0])
    attempts: list[int] = field(default_factory=lambda: [0, 0])
    bases: set[Basis] = field(default_factory=set)
    services: set[ServiceRef] = field(default_factory=set)
    established: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, edge: Edge) -> "EdgeSum":
        """The sum that an emitted edge stands for."""
        return cls(
            edge.first_seen,
            edge.last_seen,
            [edge.client_count, edge.server_count, edge.unknown_count],
            [edge.client_attempts, edge.server_attempts],
            set(edge.bases),
            set(edge.services),
            {ROLES.index(role) for role in edge.seen_by},
        )

    def add(self, seen: Sighting) -> None:
        """Count one sighting."""
        if seen.established:
            self.established.add(seen.observed_by)
            self.counts[seen.observed_by] += seen.count
        else:
            self.attempts[_SERVER if seen.observed_by == _SERVER else _CLIENT] += seen.count
        self.first_seen = min(self.first_seen, seen.first_seen)
        self.last_seen = max(self.last_seen, seen.last_seen)
        self.bases.add(BASES[seen.basis])
        if seen.service is not None:
            self.services.add(seen.service)

    def edge(self, key: EdgeKey) -> Edge:
        """The edge as it stands now."""
        role, peer, protocol, port = key
        client, server, unknown = self.counts
        client_attempts, server_attempts = self.attempts
        still_open = tuple(ROLES[end] for end in sorted(self.established) if not self.counts[end])
        return Edge(
            role, peer, protocol, port, client, server, unknown, max(self.attempts), self.first_seen, self.last_seen,
            tuple(sorted(self.bases, key=lambda basis: basis.value)), tuple(sorted(self.services)),
            client_attempts, server_attempts, still_open,
        )  # fmt: skip
