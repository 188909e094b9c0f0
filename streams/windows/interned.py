"""Peers and edge keys as small numbers, so that a window hashes no nested record for each row.

An edge's number within its workload and window: the peer's number, 16 bits of port, 2 of protocol, 2 of role.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from schemas.records import NodePeer, Peer, Protocol, Role, WorkloadPeer
from schemas.records.connections import PROTOCOLS, ROLES
from streams.windows.order import EdgeOrder, SortKey, peer_order

PEER_SHIFT: Final = 20
KIND_MASK: Final = (1 << PEER_SHIFT) - 1
ROLE_MASK: Final = 3
_PROTOCOL: Final = {protocol: code for code, protocol in enumerate(PROTOCOLS)}
_ROLE: Final = {role: code for code, role in enumerate(ROLES)}
_FEW: Final = 4_096


def kind_of(role: int, protocol: int, port: int) -> int:
    """Role, protocol and port as one number; all three as codes."""
    return port << 4 | protocol << 2 | role


def kind_named(role: Role, protocol: Protocol, port: int) -> int:
    """The same from names."""
    return kind_of(_ROLE[role], _PROTOCOL[protocol], port)


def kind_parts(kind: int) -> tuple[Role, Protocol, int]:
    """What the number stands for."""
    return ROLES[kind & 3], PROTOCOLS[kind >> 2 & 3], kind >> 4 & 0xFFFF


class Known(NamedTuple):
    """A peer that has a number.

    Attributes:
        peer: The peer.
        order: Its sort key.
        is_workload: It is one.
        is_node: It is one.
    """

    peer: Peer
    order: SortKey
    is_workload: bool
    is_node: bool


class Peers:
    """Numbers of the peers that windows refer to; external addresses have none, for there is no end of them."""

    def __init__(self) -> None:
        self._numbers: dict[Peer, int] = {}
        self._known: dict[int, Known] = {}
        self._next = 0

    def __getitem__(self, number: int) -> Known:
        """The peer of a number."""
        return self._known[number]

    def __len__(self) -> int:
        """How many peers have numbers."""
        return len(self._known)

    def number(self, peer: Peer) -> int:
        """The peer's number, a new one if it has none."""
        number = self._numbers.get(peer)
        if number is None:
            number = self._numbers[peer] = self._next
            self._next += 1
            self._known[number] = Known(
                peer, peer_order(peer), isinstance(peer, WorkloadPeer), isinstance(peer, NodePeer)
            )
        return number

    def order(self, key: int) -> EdgeOrder:
        """Sorts edge numbers by role, peer, protocol and port."""
        role, protocol, port = kind_parts(key)
        return (role.value, self._known[key >> PEER_SHIFT].order, protocol.value, port)

    def keep(self, keys: Iterable[int]) -> None:
        """Forget peers that no edge number refers to."""
        used = {key >> PEER_SHIFT for key in keys}
        self._known = {number: known for number, known in self._known.items() if number in used}
        self._numbers = {known.peer: number for number, known in self._known.items()}

    def crowded(self, in_use: int) -> bool:
        """Whether it is time to forget: far more numbers than were in use after the last time."""
        return len(self._known) > max(_FEW, 2 * in_use)
