"""The external edges of one window, in crowds: established connections and attempts each bounded on their own.

Whoever scans a workload cannot blur who really connects to it. Where both are told apart alike they are one edge, which
then has the times, bases and services of its established connections.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from schemas.external import TOLD_APART
from schemas.records import Edge, ExternalCrowd, ExternalPeer, Protocol, Role, ServiceRef
from streams.windows.columns import Row
from streams.windows.distinct import estimate
from streams.windows.edge_sum import EdgeSum
from streams.windows.interned import kind_named, kind_parts
from streams.windows.order import EdgeOrder, order_of
from streams.windows.outside import Member, Outside, Side, outside


class CrowdKey(NamedTuple):
    """What external edges have in common that are bounded together.

    Attributes:
        kind: Role, protocol and port.
        version: 4 or 6.
        private: The addresses are none of the internet's.
    """

    kind: int
    version: int
    private: bool


@dataclass(slots=True)
class _Crowd:
    established: Side
    attempted: Side

    def fold(self) -> None:
        self.established.fold()
        if self.established.bits:
            self.attempted.coarsen(self.established.bits)
        self.attempted.fold()


class Crowds:
    """External edges of one window, `limit` of a crowd told apart at most."""

    def __init__(self, limit: int = TOLD_APART) -> None:
        self._limit = limit
        self._crowds: dict[CrowdKey, _Crowd] = {}

    def __len__(self) -> int:
        """How many addresses and prefixes are told apart."""
        return sum(len(one.established.members) + len(one.attempted.members) for one in self._crowds.values())

    def add(self, kind: int, address: Outside, row: Row, service: ServiceRef | None) -> None:
        """Count one sighting; no attempt is none."""
        if not row[8] and not row[10]:
            return
        crowd = self._crowd(CrowdKey(kind, address.version, bool(address.zone)))
        side = crowd.established if row[8] else crowd.attempted
        total, new = side.at(address, row[11])
        total.add(row, service, "")
        if new:
            crowd.fold()

    def restore(self, edges: Iterable[Edge], crowds: Iterable[ExternalCrowd]) -> None:
        """Go on from what was emitted."""
        for told in crowds:
            key = CrowdKey(kind_named(told.role, told.protocol, told.port), told.version, told.private)
            crowd = self._crowd(key)
            side = crowd.established if told.established else crowd.attempted
            side.bits, side.sketch = told.bits, bytearray(told.sketch)
        for edge in edges:
            self._restore_edge(edge)
        for crowd in self._crowds.values():
            crowd.fold()

    def edges(self, start: int, end: int) -> Iterator[tuple[EdgeOrder, Edge]]:
        """The edges with their order; the bounds of the window stand for the times of joined attempts."""
        for key, crowd in self._crowds.items():
            yield from _told(kind_parts(key.kind), crowd, EdgeSum(start, end, sure=True))

    def told(self) -> tuple[ExternalCrowd, ...]:
        """The crowds whose addresses are told apart by prefixes, in one order."""
        found = [
            ExternalCrowd(
                *kind_parts(key.kind), key.version, key.private, established, side.bits, estimate(side.sketch),
                bytes(side.sketch),
            )
            for key, crowd in sorted(self._crowds.items())
            for established, side in ((True, crowd.established), (False, crowd.attempted))
            if side.bits and side.members
        ]  # fmt: skip
        return tuple(found)

    def _crowd(self, key: CrowdKey) -> _Crowd:
        crowd = self._crowds.get(key)
        if crowd is None:
            crowd = self._crowds[key] = _Crowd(Side(self._limit), Side(self._limit))
        return crowd

    def _restore_edge(self, edge: Edge) -> None:
        if not isinstance(edge.peer, ExternalPeer):
            raise TypeError(f"{edge.peer} is not external")
        address = outside(edge.peer.address)
        kind = kind_named(edge.role, edge.protocol, edge.port)
        crowd = self._crowd(CrowdKey(kind, address.version, bool(address.zone)))
        total = EdgeSum.of(edge)
        if total.ends:
            own = replace(total, attempts=[0, 0], made=None)
            crowd.established.members[address.prefix(edge.peer.bits)] = Member(address, own)
        if any(total.attempts):
            tried = replace(total, counts=[0, 0, 0], ends=0, shared=0, services=set(total.services))
            crowd.attempted.members[address.prefix(edge.peer.bits)] = Member(address, tried)


_Kind: TypeAlias = tuple[Role, Protocol, int]
_Told: TypeAlias = tuple[EdgeOrder, Edge]


def _told(kind: _Kind, crowd: _Crowd, bounds: EdgeSum) -> Iterator[_Told]:
    established, attempted = crowd.established, crowd.attempted
    both = established.members.keys() & attempted.members.keys() if established.bits == attempted.bits else set()
    for prefix, member in established.members.items():
        if prefix in both:
            total = replace(member.total, attempts=attempted.members[prefix].total.attempts)
            yield _edge(kind, member.lowest, established.bits, total)
        else:
            made = member.total.made = member.total.made or _edge(kind, member.lowest, established.bits, member.total)
            yield made
    for prefix, member in attempted.members.items():
        if prefix not in both:
            made = member.total.made = member.total.made or _attempts(kind, member, attempted.bits, bounds)
            yield made


def _attempts(kind: _Kind, member: Member, bits: int, bounds: EdgeSum) -> _Told:
    if not bits:
        return _edge(kind, member.lowest, 0, member.total)
    return _edge(kind, member.lowest.first_of(bits), bits, replace(bounds, attempts=member.total.attempts))


def _edge(kind: _Kind, address: Outside, bits: int, total: EdgeSum) -> _Told:
    role, protocol, port = kind
    peer = ExternalPeer(address.text, bits)
    return order_of((role, peer, protocol, port)), total.edge(role, peer, protocol, port)
