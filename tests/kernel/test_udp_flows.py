"""Known numbers of real UDP exchanges are counted as flows, exactly, by the end that began them."""

import contextlib
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest
from namespaces import CLIENT, CLIENT6, SERVER, SERVER6

from collector.netns import node_namespace
from collector.probe import Node
from schemas.records import Basis, Protocol, Role

pytestmark = pytest.mark.kernel


def _edge(row):
    return row.role, row.basis, str(ip_address(row.local_address)), str(ip_address(row.remote_address)), row.port


@dataclass(frozen=True, slots=True)
class Case:
    """A target, where its server is bound, and whom the two ends see."""

    target: tuple[str, int]
    family: socket.AddressFamily
    bound: str
    count: int
    client: str = CLIENT
    server: str = SERVER


CASES = {
    "IPv4, a port inside the ephemeral range": Case((SERVER, 50051), socket.AF_INET, SERVER, 13),
    "IPv4, bound to any address": Case((SERVER, 53), socket.AF_INET, "0.0.0.0", 7),  # noqa: S104  a namespace of its own
    "IPv6": Case((SERVER6, 443), socket.AF_INET6, SERVER6, 17, CLIENT6, SERVER6),
    "v4-mapped at both ends": Case((f"::ffff:{SERVER}", 9094), socket.AF_INET6, "::", 19),
    "v4-mapped at the server": Case((SERVER, 5353), socket.AF_INET6, "::", 23),
}


def exchange(pair, served, case, *, how, reply=True):
    """One socket for each flow, as a resolver does: a question, and its answer. No two have the same port."""
    family = socket.AF_INET6 if ":" in case.target[0] else socket.AF_INET
    with contextlib.ExitStack() as sockets:
        for _ in range(case.count):
            asking = sockets.enter_context(pair.client.open_socket(family, socket.SOCK_DGRAM))
            asking.settimeout(5)
            if how == "bound to any port":
                asking.bind(("", 0))
            if how == "connected":
                asking.connect(case.target)
                asking.send(b"question")
            else:
                asking.sendto(b"question", case.target)
            _, asker = served.recvfrom(100)
            if reply:
                served.sendto(b"answer", asker)
                asking.recv(100)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("how", ["sendto", "connected"])
def test_both_ends_are_counted_with_their_roles(pair, watch, counts, case, how):
    """The answer is no flow, the ephemeral port is nowhere."""
    watched, port = watch(), case.target[1]
    with pair.server.bind_udp(case.family, case.bound, port) as served:
        exchange(pair, served, case, how=how)
    basis = Basis.CONNECT if how == "connected" else Basis.FIRST_SENDER
    rows = watched.rows()
    assert counts(rows, _edge) == {
        (Role.CLIENT, basis, case.client, case.server, port): case.count,
        (Role.SERVER, Basis.LISTENER, case.server, case.client, port): case.count,
    }
    assert {(row.protocol, row.established) for row in rows} == {(Protocol.UDP, True)}
    assert {row.netns_cookie for row in rows} == {pair.client.cookie, pair.server.cookie}
    assert (watched.losses, watched.ignored) == ({}, {})


def test_the_kernels_own_counters_agree(pair, watch, counts):
    """OutDatagrams and InDatagrams of the namespaces are the second instrument: one question is one datagram."""
    sent, received = pair.client.counter("OutDatagrams", "Udp"), pair.server.counter("InDatagrams", "Udp")
    watched, case = watch(), Case((SERVER, 514), socket.AF_INET, SERVER, 101)
    with pair.server.bind_udp(case.family, case.bound, 514) as served:
        exchange(pair, served, case, how="sendto", reply=False)
    by_role = counts(watched.rows(), lambda row: row.role)
    assert by_role == {Role.CLIENT: 101, Role.SERVER: 101}
    assert by_role[Role.CLIENT] == pair.client.counter("OutDatagrams", "Udp") - sent
    assert by_role[Role.SERVER] == pair.server.counter("InDatagrams", "Udp") - received


def test_a_resolver_that_binds_to_any_port_is_a_client(pair, watch, counts):
    """As musl's does: bind() to port 0, then sendto()."""
    watched, case = watch(), Case((SERVER, 53), socket.AF_INET, SERVER, 11)
    with pair.server.bind_udp(case.family, case.bound, 53) as served:
        exchange(pair, served, case, how="bound to any port")
    assert counts(watched.rows(), lambda row: row.role) == {Role.CLIENT: 11, Role.SERVER: 11}


def test_a_flow_is_counted_once_however_many_packets_it_has(pair, watch, counts):
    """A thousand packets both ways are one flow."""
    watched = watch()
    with (
        pair.server.bind_udp(socket.AF_INET, SERVER, 443) as served,
        pair.client.bind_udp(socket.AF_INET, CLIENT, 0) as asking,
    ):
        for _ in range(500):
            asking.sendto(b"q", (SERVER, 443))
            served.sendto(b"a", served.recvfrom(10)[1])
            asking.recv(10)
    assert counts(watched.rows(), lambda row: row.role) == {Role.CLIENT: 1, Role.SERVER: 1}


def test_peers_that_use_one_port_both_ways_are_both(pair, watch, counts):
    """Gossip: each end is the client of what it began, and the server of what it was sent first."""
    watched = watch()
    with (
        pair.client.bind_udp(socket.AF_INET, CLIENT, 9094) as one,
        pair.server.bind_udp(socket.AF_INET, SERVER, 9094) as other,
        pair.server.bind_udp(socket.AF_INET, SERVER, 9095) as third,
    ):
        one.sendto(b"gossip", (SERVER, 9094))
        other.recv(10)
        other.sendto(b"gossip", (CLIENT, 9094))
        one.recv(10)
        third.sendto(b"gossip", (CLIENT, 9094))
        one.recv(10)
    assert counts(watched.rows(), lambda row: (row.role, str(ip_address(row.local_address)), row.port)) == {
        (Role.CLIENT, CLIENT, 9094): 1,
        (Role.SERVER, SERVER, 9094): 1,
        (Role.CLIENT, SERVER, 9094): 1,
        (Role.SERVER, CLIENT, 9094): 1,
    }


def test_a_server_that_answers_from_a_connected_socket_is_a_server(pair, watch, counts):
    """DTLS: the first packet goes to the listening socket, the rest to one connected to the client."""
    watched = watch()
    with (
        pair.server.bind_udp(socket.AF_INET, SERVER, 5684) as listening,
        pair.client.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as asking,
    ):
        asking.settimeout(5)
        asking.sendto(b"hello", (SERVER, 5684))
        _, asker = listening.recvfrom(10)
        with pair.server.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as answering:
            answering.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.close()
            answering.bind((SERVER, 5684))
            answering.connect(asker)
            answering.send(b"answer")
            asking.recv(10)
    assert counts(watched.rows(), lambda row: (row.role, row.port)) == {
        (Role.CLIENT, 5684): 1,
        (Role.SERVER, 5684): 1,
    }


SERVICE = """
table ip services {
    chain output {
        type nat hook output priority -100
        ip daddr 10.201.9.9 udp dport 53 dnat to 10.201.0.2:5353
    }
}
"""


@pytest.mark.parametrize("how", ["sendto", "connected"])
def test_a_translated_answer_is_no_flow(pair, watch, counts, how):
    """Where the client's own namespace translates, the packet that leaves names the pod, the answer the Service."""
    pair.client.run("nft", "-f", "-", text=SERVICE)
    watched, case = watch(), Case(("10.201.9.9", 53), socket.AF_INET, SERVER, 29)
    with pair.server.bind_udp(case.family, case.bound, 5353) as served:
        exchange(pair, served, case, how=how)
    edges = counts(watched.rows(), lambda row: (row.role, str(ip_address(row.remote_address)), row.port))
    assert edges == {(Role.CLIENT, SERVER, 5353): 29, (Role.SERVER, CLIENT, 5353): 29}
    assert watched.ignored == {"translated_reply": 29}


def test_what_is_only_sent_is_counted(pair, watch, counts):
    """Syslog and statsd are never answered."""
    watched, case = watch(), Case((SERVER, 514), socket.AF_INET, SERVER, 31)
    with pair.server.bind_udp(case.family, case.bound, 514) as served:
        exchange(pair, served, case, how="sendto", reply=False)
    assert counts(watched.rows(), lambda row: row.role) == {Role.CLIENT: 31, Role.SERVER: 31}


def test_a_socket_that_only_connects_sends_nothing_and_is_no_edge(pair, watch):
    """getaddrinfo() of glibc connects a UDP socket to each address, to learn its own, and never sends."""
    watched = watch()
    with pair.client.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as probing:
        probing.connect((SERVER, 80))
    assert watched.rows() == []


@pytest.mark.parametrize(
    ("target", "reason"), [("127.0.0.1", "loopback"), (CLIENT, "own_address"), ("255.255.255.255", "multicast")]
)
def test_what_is_not_between_pods_is_counted_by_reason(pair, watch, target, reason):
    """Once a flow and end, not once a packet; a broadcast comes back to its sender's namespace too."""
    watched = watch()
    with (
        pair.client.bind_udp(socket.AF_INET, "", 80) as served,
        pair.client.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as asking,
    ):
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for _ in range(3):
            asking.sendto(b"x", (target, 80))
        if target != "255.255.255.255":
            served.recv(10)
    assert watched.rows() == []
    assert watched.ignored == {reason: 2}


def test_the_namespace_is_known_without_the_kernels_help(pair, watch, counts):
    """Before Linux 6.15 a packet does not tell its namespace: the socket's note does."""
    watched, case = (
        watch(node=Node(node_namespace().cookie, packet_cookie=False)),
        Case((SERVER, 53), socket.AF_INET, SERVER, 5),
    )
    with pair.server.bind_udp(case.family, case.bound, 53) as served:
        exchange(pair, served, case, how="sendto")
    assert counts(watched.rows(), lambda row: (row.role, row.netns_cookie)) == {
        (Role.CLIENT, pair.client.cookie): 5,
        (Role.SERVER, pair.server.cookie): 5,
    }


def test_a_server_whose_askers_were_forgotten_does_not_become_a_client(pair, watch, counts):
    """More flows than are remembered, then a late word to the first asker: its role is right or UNKNOWN."""
    watched = watch(flows=128)
    with pair.server.bind_udp(socket.AF_INET, SERVER, 443) as served:
        first = pair.client.open_socket(socket.AF_INET, socket.SOCK_DGRAM)
        first.sendto(b"q", (SERVER, 443))
        asker = served.recvfrom(10)[1]
        for _ in range(2000):
            with pair.client.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.sendto(b"q", (SERVER, 443))
                served.recv(10)
        served.sendto(b"late", asker)
        first.close()
    servers = [row for row in watched.rows() if row.netns_cookie == pair.server.cookie]
    assert {row.role for row in servers} <= {Role.SERVER, Role.UNKNOWN}
    assert {row.port for row in servers} == {443}


def test_a_port_that_the_next_socket_gets_is_another_flow_at_the_client(pair, watch, counts):
    """The kernel gave it the same port; the server cannot tell, the client's own kernel can."""
    watched = watch()
    with pair.client.inside():
        ports = Path("/proc/sys/net/ipv4/ip_local_port_range")
        before = ports.read_text()
        ports.write_text("40001 40001")
    with pair.server.bind_udp(socket.AF_INET, SERVER, 53) as served:
        for _ in range(5):
            with pair.client.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.sendto(b"q", (SERVER, 53))
                served.recv(10)
    with pair.client.inside():
        ports.write_text(before)
    assert counts(watched.rows(), lambda row: row.role) == {Role.CLIENT: 5, Role.SERVER: 1}
