"""Connections that were open before the agent came, and the heartbeat of those that stay open.

A scan lists the TCP sockets of every network namespace of the node. The first one, made after the programs have been
attached, counts each connection that they have not; later ones count none and say which edges are still open.
UDP has no part in it: a connected UDP socket is no proof of traffic (getaddrinfo(3) connects and never sends).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from collector.columns import Row
from collector.drain import Recent
from collector.layout import BASES, KEY, ROLES, VALUE
from collector.netns import GONE, Netns, all_namespaces, current_cookie, entered, node_namespace
from collector.sock_diag import LISTEN, TcpSocket, diag_socket, tcp_sockets
from collector.socket_roles import Listeners, role_of
from schemas.codec import BadRecord
from schemas.records import Basis, Role

_IPV4, _TCP = 2, 6
_LOOPBACK: Final = (1).to_bytes(16, "big")
_LOOPBACK_IPV4: Final = 127
_SNAPSHOT: Final = BASES.index(Basis.SNAPSHOT)
_ROLE: Final = {role: code for code, role in enumerate(ROLES)}


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan found.

    Attributes:
        rows: One for each edge, packed as `layout.KEY` and `layout.VALUE`; those that count 0 are heartbeats.
        failed: Network namespaces that could not be read.
        unsure: Connections of the first scan that count 0 because it could not be told whether the programs had
            counted them; some of them may be older.
    """

    rows: tuple[Row, ...]
    failed: int
    unsure: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Open connections by the socket's cookie, and what could not be read."""

    keys: dict[int, bytes]
    failed: int


class Scanner:
    """Scans; the first scan counts, the others do not."""

    def __init__(self, counted: Callable[[], Recent]) -> None:
        """`counted` tells which sockets the programs have counted since before the first scan."""
        self._counted = counted
        self._first = True

    def scan(self, boot_ns: int) -> Scan:
        """Look at every namespace once.

        Args:
            boot_ns: Now, on the boot clock; it stamps the rows.
        """
        found = open_connections()
        # A connection begun meanwhile is among the counted ones only if these are asked for after the list was made.
        counted = self._counted() if self._first else None
        self._first = False
        if counted is None:
            return Scan(_rows(found.keys, frozenset(), boot_ns), found.failed)
        older = found.keys.keys() - counted.cookies
        if counted.full:
            return Scan(_rows(found.keys, frozenset(), boot_ns), found.failed, unsure=len(older))
        return Scan(_rows(found.keys, older, boot_ns), found.failed)


def _rows(keys: dict[int, bytes], older: AbstractSet[int], boot_ns: int) -> tuple[Row, ...]:
    counts = Counter[bytes]()
    for cookie, key in keys.items():
        counts[key] += cookie in older
    return tuple((key, VALUE.pack(count, boot_ns, boot_ns)) for key, count in counts.items())


def open_connections() -> Found:
    """The open TCP connections of every network namespace of the node, each once."""
    namespaces, failed = all_namespaces()
    node = node_namespace().cookie
    keys: dict[int, bytes] = {}
    gone, broken = _visit(namespaces, node, keys)
    if gone:  # the process that led there has ended; another one may lead there still
        left = [namespace for namespace in all_namespaces()[0] if namespace.cookie in gone]
        gone, broken_again = _visit(left, node, keys)
        broken += len(gone) + broken_again
    return Found(keys, failed + broken)


def _visit(namespaces: Iterable[Netns], node: int, keys: dict[int, bytes]) -> tuple[set[int], int]:
    """Add what is found; the cookies of namespaces that a path leads to no longer, and how many cannot be read."""
    gone, broken = set(), 0
    for namespace in namespaces:
        try:
            sockets = _sockets(namespace)
        except GONE:
            gone.add(namespace.cookie)
        except (OSError, BadRecord):
            broken += 1
        else:
            keys.update(_keys(sockets, namespace.cookie, on_node=namespace.cookie == node))
    return gone, broken


def _sockets(namespace: Netns) -> list[TcpSocket]:
    with entered(namespace.path):
        if current_cookie() != namespace.cookie:
            raise ProcessLookupError(f"{namespace.path} leads elsewhere by now")
        asked = diag_socket()
    with asked:
        return tcp_sockets(asked)


def _keys(sockets: Iterable[TcpSocket], netns_cookie: int, *, on_node: bool) -> Iterator[tuple[int, bytes]]:
    listeners = Listeners(sockets)
    for one in sockets:
        if one.state == LISTEN or is_own(one):
            continue
        role = role_of(one, listeners)
        port = one.remote_port if role is Role.CLIENT else one.local_port
        cgroup = one.cgroup_id if on_node else 0
        yield (
            one.cookie,
            KEY.pack(one.local, one.remote, netns_cookie, cgroup, port, one.family, _TCP, _ROLE[role], _SNAPSHOT, 1),
        )


def is_own(connection: TcpSocket) -> bool:
    """Whether the connection stays within the pod: loopback, or an address to itself; as in bpf/edges.c."""
    local, remote = connection.local, connection.remote
    if connection.family == _IPV4:
        return local == remote or local[0] == _LOOPBACK_IPV4 or remote[0] == _LOOPBACK_IPV4
    return local == remote or _LOOPBACK in (local, remote)
