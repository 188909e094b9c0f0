"""Open sockets become edges: counted once if older than the programs, as heartbeats afterwards, failures counted."""

import contextlib
from ipaddress import ip_address
from pathlib import Path

import pytest

from collector import scan
from collector.drain import Recent
from collector.layout import decode
from collector.netns import Netns
from collector.scan import Scan, Scanner
from collector.sock_diag import ANY, ESTABLISHED, FIN_WAIT2, LISTEN, Progress, TcpSocket
from schemas.codec import BadRecord
from schemas.records import Basis, Connection, Protocol, Role

NODE, POD, OTHER = 1, 4242, 4343
PEER = "10.201.0.2"
CONNECTED, ACCEPTED, SPOILED = (Progress(0, acked, 0, 0, 0) for acked in (1, 0, 99))
NANOSECONDS = 1_000_000


def packed(address):
    return ip_address(address).packed.ljust(16, b"\0")


def tcp(cookie, progress=CONNECTED, **changed):
    """A client's connection to port 443, unless it is changed."""
    given = {
        "family": 2,
        "state": ESTABLISHED,
        "local": packed("10.201.0.1"),
        "remote": packed(PEER),
        "local_port": 40000 + cookie,
        "remote_port": 443,
        "cookie": cookie,
        "cgroup_id": 17,
        "queued": 0,
        "progress": progress,
        "takes_ipv4": False,
    }
    return TcpSocket(**{**given, **changed})


class Node:
    """Namespaces by cookie, each with its sockets, or with the error that asking for them gives."""

    def __init__(self):
        self.sockets = {}
        self.looks = 0

    def all_namespaces(self):
        self.looks += 1
        return tuple(Netns(cookie, cookie, Path("/n")) for cookie in self.sockets), 0

    @contextlib.contextmanager
    def sockets_of(self, namespace):
        answer = self.sockets[namespace.cookie]
        if answer and isinstance(answer[0], Exception):
            raise answer.pop(0)
        yield Sockets(answer)


class Sockets:
    """Those of one namespace."""

    def __init__(self, sockets):
        self.listening = [one for one in sockets if one.state == LISTEN]
        self._open = [one for one in sockets if one.state != LISTEN]

    def open(self):
        return self._open


@pytest.fixture
def node(monkeypatch):
    """A node without sockets."""
    made = Node()
    monkeypatch.setattr(scan, "all_namespaces", made.all_namespaces)
    monkeypatch.setattr(scan, "node_namespace", lambda: Netns(NODE, NODE, Path("/n")))
    monkeypatch.setattr(scan, "sockets_of", made.sockets_of)
    return made


def scanner(*counted, full=False):
    """A scanner beside programs that have counted these sockets."""
    return Scanner(lambda: Recent(frozenset(counted), full))


def connections(found):
    return [decode(key, value, 0) for key, value in found.rows]


def counts(found):
    return {(row.role, row.port, row.netns_cookie): row.count for row in connections(found)}


def test_an_older_connection_is_an_edge(node):
    """The row says all that a counted edge says, and that it comes from a list of sockets."""
    node.sockets[POD] = [tcp(1)]
    assert connections(scanner().scan(5 * NANOSECONDS)) == [
        Connection(
            role=Role.CLIENT,
            basis=Basis.SNAPSHOT,
            protocol=Protocol.TCP,
            local_address=ip_address("10.201.0.1").packed,
            remote_address=ip_address(PEER).packed,
            port=443,
            established=True,
            count=1,
            first_seen=5,
            last_seen=5,
            netns_cookie=POD,
        )
    ]


def test_the_port_is_the_servers_or_the_local_one(node):
    """A client's edge has the remote port, a server's and an unknown one the local port."""
    node.sockets[POD] = [tcp(1), tcp(2, ACCEPTED, local_port=80), tcp(3, SPOILED, local_port=81)]
    assert counts(scanner().scan(0)) == {
        (Role.CLIENT, 443, POD): 1,
        (Role.SERVER, 80, POD): 1,
        (Role.UNKNOWN, 81, POD): 1,
    }


def test_sockets_of_one_edge_add_up(node):
    """Three of the five had been counted by the programs; a socket that is listed twice is one."""
    node.sockets[POD] = [tcp(cookie) for cookie in (1, 2, 3, 4, 5, 5)]
    assert counts(scanner(1, 2, 3).scan(0)) == {(Role.CLIENT, 443, POD): 2}


def test_only_the_first_scan_counts(node):
    """Later ones say that the edge is open, also if a connection on it is new."""
    node.sockets[POD] = [tcp(1)]
    scanning = scanner()
    assert counts(scanning.scan(0)) == {(Role.CLIENT, 443, POD): 1}
    node.sockets[POD].append(tcp(2))
    assert counts(scanning.scan(0)) == {(Role.CLIENT, 443, POD): 0}


def test_counted_sockets_are_asked_for_after_the_sockets_were_listed(node):
    """One that begins between the two would otherwise be taken for an older one."""
    order = []
    look = node.sockets_of

    def looking(namespace):
        order.append("look")
        return look(namespace)

    def counted():
        order.append("counted")
        return Recent(frozenset(), full=False)

    scan.sockets_of = looking  # the fixture puts it back
    node.sockets[POD], node.sockets[OTHER] = [tcp(1)], [tcp(2)]
    Scanner(counted).scan(0)
    assert order == ["look", "look", "counted"]


def test_an_overflow_is_told_and_nothing_is_counted_twice(node):
    """Of three sockets one is known to have been counted, two may be older or not."""
    node.sockets[POD] = [tcp(1), tcp(2), tcp(3)]
    found = scanner(1, full=True).scan(0)
    assert counts(found) == {(Role.CLIENT, 443, POD): 0}
    assert found.unsure == 2


def test_only_the_nodes_own_sockets_carry_their_cgroup(node):
    """A pod is told by its namespace; host-network pods share one."""
    node.sockets[NODE] = [tcp(1), tcp(2, cgroup_id=18)]
    node.sockets[POD] = [tcp(3), tcp(4, cgroup_id=18)]
    assert counts(scanner().scan(0)) == {(Role.CLIENT, 443, NODE): 1, (Role.CLIENT, 443, POD): 2}
    assert len(scanner().scan(0).rows) == 3


def test_only_sockets_of_the_watched_cgroups_are_edges(node):
    """As the programs see them, if they are not attached to the root."""
    node.sockets[POD] = [tcp(1), tcp(2, ACCEPTED, cgroup_id=18)]
    found = Scanner(lambda: Recent(frozenset(), full=False), lambda: {18}).scan(0)
    assert [row.role for row in connections(found)] == [Role.SERVER]


@pytest.mark.parametrize(
    "changed",
    [
        {"local": packed("127.0.0.1"), "remote": packed("127.9.9.9")},
        {"remote": packed("127.0.0.1")},
        {"local": packed("::1"), "family": 10},
        {"local": packed(PEER)},
        {"state": LISTEN, "remote": ANY},
        {"state": FIN_WAIT2, "progress": None},
    ],
    ids=["loopback", "to loopback", "IPv6 loopback", "own address", "listener", "without a process"],
)
def test_what_is_no_connection_between_pods_is_left_out(node, changed):
    """As in the kernel."""
    node.sockets[POD] = [tcp(1, **changed)]
    assert scanner().scan(0) == Scan((), failed=0)


@pytest.mark.parametrize("error", [PermissionError(), TimeoutError(), BadRecord("cut")])
def test_a_namespace_that_cannot_be_read_is_counted(node, error):
    """The others are read."""
    node.sockets[OTHER], node.sockets[POD] = [error], [tcp(1)]
    found = scanner().scan(0)
    assert counts(found) == {(Role.CLIENT, 443, POD): 1}
    assert found.failed == 1


def test_a_namespace_whose_process_ended_is_looked_for_again(node):
    """Another process may be in it; that is no failure."""
    node.sockets[POD] = [ProcessLookupError(), tcp(1)]
    found = scanner().scan(0)
    assert (counts(found), found.failed) == ({(Role.CLIENT, 443, POD): 1}, 0)


def test_a_namespace_that_ended_is_no_failure(node):
    """It is listed no longer."""
    node.sockets[POD] = [FileNotFoundError()]
    node.sockets[OTHER] = []
    listed = node.all_namespaces

    def without():
        if node.looks:
            node.sockets.pop(POD)
        return listed()

    scan.all_namespaces = without  # the fixture puts it back
    assert scanner().scan(0) == Scan((), failed=0)


def test_a_namespace_that_cannot_be_caught_is_counted(node):
    """Its processes end faster than they are looked into."""
    node.sockets[POD] = [FileNotFoundError(), FileNotFoundError()]
    assert scanner().scan(0).failed == 1
