"""Observations of one edge in one window, summed by the end that saw them."""

from dataclasses import dataclass, field
from typing import Final

from schemas.records import Basis, Edge, Millis, Peer, Protocol, Role, ServiceRef
from schemas.records.connections import BASES, ROLES
from streams.windows.columns import Row
from streams.windows.order import EdgeOrder

CLIENT: Final = 0
SERVER: Final = 1
FAR_NODES: Final = 8
"""Nodes of the other end that are remembered at most: the first in order, whatever the order of sightings."""

_ENDS: Final = tuple(tuple(role for code, role in enumerate(ROLES) if ends >> code & 1) for ends in range(8))
_BOTH: Final = 1 << CLIENT | 1 << SERVER


def _named(bases: int) -> tuple[Basis, ...]:
    return tuple(sorted((basis for code, basis in enumerate(BASES) if bases >> code & 1), key=lambda one: one.value))


_BASES: Final = tuple(_named(bases) for bases in range(1 << len(BASES)))


@dataclass(slots=True)
class EdgeSum:
    """Sums, bounds and unions: the order of sightings does not matter. Sets of few members are bits of a number.

    Attributes:
        first: The first sighting.
        last: The last sighting.
        counts: Established connections by the end that saw them.
        attempts: Attempts by the end that saw them; an end of unknown role counts as the client's.
        ends: Ends that saw a connection, also one that began before and counts none.
        bases: Why the roles are believed.
        services: Services through which the server was reached.
        sure: Some sighting leaves no doubt who was reached.
        shared: Connections of the client's end through a Service of several workloads.
        far: Nodes of the end that was not observed.
        made: The edge that was made of it, with its order, while nothing else is seen.
    """

    first: Millis
    last: Millis
    counts: list[int] = field(default_factory=lambda: [0, 0, 0])
    attempts: list[int] = field(default_factory=lambda: [0, 0])
    ends: int = 0
    bases: int = 0
    services: set[ServiceRef] = field(default_factory=set)
    sure: bool = False
    shared: int = 0
    far: tuple[str, ...] = ()
    made: tuple[EdgeOrder, Edge] | None = None

    @classmethod
    def of(cls, edge: Edge) -> "EdgeSum":
        """The sum that an emitted edge stands for."""
        return cls(
            edge.first_seen,
            edge.last_seen,
            [edge.client_count, edge.server_count, edge.unknown_count],
            [edge.client_attempts, edge.server_attempts],
            sum(1 << ROLES.index(role) for role in edge.seen_by),
            sum(1 << BASES.index(basis) for basis in set(edge.bases)),
            set(edge.services),
            not edge.shared,
            edge.shared_count,
            edge.far_nodes,
        )

    def add(self, row: Row, service: ServiceRef | None, far: str) -> None:
        """Count one sighting."""
        _, _, _, _, _, observer, basis, _, established, _, count, first, last, shared, _ = row
        self.made = None
        if established:
            self.ends |= 1 << observer
            self.counts[observer] += count
            if far and self.ends & _BOTH != _BOTH and far not in self.far:
                self.ran_on((far,))
            if shared:
                self.shared += count
        else:
            self.attempts[observer == SERVER] += count
        if not shared:
            self.sure = True
        self.bases |= 1 << basis
        last += first
        if first < self.first:  # noqa: PLR1730  twice as fast as min, in the innermost loop
            self.first = first
        if last > self.last:  # noqa: PLR1730  the same
            self.last = last
        if service is not None and service not in self.services:
            self.services.add(service)

    @property
    def by_client_only(self) -> bool:
        """No server's end saw a connection."""
        return self.ends & _BOTH == 1 << CLIENT

    def absorb(self, other: "EdgeSum") -> None:
        """Both are one edge from now on."""
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)
        self.counts = [one + two for one, two in zip(self.counts, other.counts, strict=True)]
        self.attempts = [one + two for one, two in zip(self.attempts, other.attempts, strict=True)]
        self.ends |= other.ends
        self.bases |= other.bases
        self.services |= other.services
        self.sure |= other.sure
        self.shared += other.shared
        self.ran_on(other.far)
        self.made = None

    def ran_on(self, nodes: tuple[str, ...]) -> None:
        """The end that was not observed ran there."""
        if len(self.far) < FAR_NODES or min(nodes, default=self.far[-1]) < self.far[-1]:
            self.far = tuple(sorted({*self.far, *nodes})[:FAR_NODES])

    def edge(self, role: Role, peer: Peer, protocol: Protocol, port: int) -> Edge:
        """The edge as it stands now."""
        client, server, unknown = self.counts
        by_client, by_server = self.attempts
        still_open = self.ends
        for code, count in enumerate(self.counts):
            if count:
                still_open &= ~(1 << code)
        return Edge(
            role, peer, protocol, port, client, server, unknown, max(self.attempts), self.first, self.last,
            _BASES[self.bases], tuple(sorted(self.services)), by_client, by_server, _ENDS[still_open],
            shared=not self.sure, shared_count=self.shared,
            far_nodes=() if self.ends & _BOTH == _BOTH else self.far,
        )  # fmt: skip
