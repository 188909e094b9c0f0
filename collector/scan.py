"""Connections that were open before the agent came, and the heartbeat of those that stay open.

A scan lists the TCP sockets of every network namespace of the node. The first one, made after the programs have been
attached, counts each connection that they have not; later ones count none and say which edges are still open.
UDP has no part in it: a connected UDP socket is no proof of traffic (getaddrinfo(3) connects and never sends).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from collector.columns import Row
from collector.drain import Recent
from collector.layout import BASES, KEY, ROLES, VALUE
from collector.namespace_sockets import sockets_of
from collector.netns import GONE, Netns, all_namespaces, node_namespace
from collector.sock_diag import FIN_WAIT2, TcpSocket
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

    def __init__(self, counted: Callable[[], Recent], within: Callable[[], AbstractSet[int]] | None = None) -> None:
        """What to leave out.

        Args:
            counted: Tells which sockets the programs have counted since before the first scan.
            within: Tells the ids of the control groups whose sockets are looked at; all of the node's if None.
        """
        self._counted = counted
        self._within = within
        self._first = True

    def scan(self, boot_ns: int) -> Scan:
        """Look at every namespace once.

        Args:
            boot_ns: Now, on the boot clock; it stamps the rows.
        """
        found = open_connections(self._within() if self._within is not None else None)
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


def open_connections(within: AbstractSet[int] | None = None) -> Found:
    """The open TCP connections of every network namespace of the node, each once.

    Args:
        within: Ids of the control groups whose sockets are looked at; all if None.
    """
    namespaces, failed = all_namespaces()
    visit = _Visit(node_namespace().cookie, within)
    gone = visit.all(namespaces)
    if gone:  # the process that led there has ended; another one may lead there still
        gone = visit.all(namespace for namespace in all_namespaces()[0] if namespace.cookie in gone)
    return Found(visit.keys, failed + visit.broken + len(gone))


class _Visit:
    """One round of the namespaces: what is open, and how many cannot be read."""

    def __init__(self, node: int, within: AbstractSet[int] | None) -> None:
        self.keys: dict[int, bytes] = {}
        self.broken = 0
        self._node, self._within = node, within
        self._edges: dict[bytes, bytes] = {}  # one key for all sockets of an edge

    def all(self, namespaces: Iterable[Netns]) -> set[int]:
        """Add what is open in them; the cookies of those to which their path leads no longer."""
        gone = set()
        for namespace in namespaces:
            try:
                self._add(namespace)
            except GONE:
                gone.add(namespace.cookie)
            except (OSError, BadRecord):
                self.broken += 1
        return gone

    def _add(self, namespace: Netns) -> None:
        on_node = namespace.cookie == self._node
        with sockets_of(namespace) as sockets:
            listeners = Listeners(sockets.listening)
            for one in sockets.open():
                if between_pods(one) and (self._within is None or one.cgroup_id in self._within):
                    key = _key(one, role_of(one, listeners), namespace.cookie, on_node=on_node)
                    self.keys[one.cookie] = self._edges.setdefault(key, key)


def _key(connection: TcpSocket, role: Role, netns_cookie: int, *, on_node: bool) -> bytes:
    port = connection.remote_port if role is Role.CLIENT else connection.local_port
    cgroup = connection.cgroup_id if on_node else 0
    local, remote, family = connection.local, connection.remote, connection.family
    return KEY.pack(local, remote, netns_cookie, cgroup, port, family, _TCP, _ROLE[role], _SNAPSHOT, 1)


def between_pods(connection: TcpSocket) -> bool:
    """Whether a process has a connection that leaves the pod: neither loopback nor to itself, as in bpf/edges.c."""
    local, remote = connection.local, connection.remote
    if local == remote or (connection.state == FIN_WAIT2 and connection.progress is None):  # only its end is awaited
        return False
    if connection.family == _IPV4:
        return _LOOPBACK_IPV4 not in (local[0], remote[0])
    return _LOOPBACK not in (local, remote)
