"""UDP answers that come another way than the question went, and packets of other forms: roles stay right or UNKNOWN."""

import socket
import struct
import time

import pytest
from namespaces import CLIENT, SERVER

from collector.probe import Node
from schemas.records import Role

pytestmark = pytest.mark.kernel

_UDP = socket.SOCK_DGRAM
_UDP_SEGMENT = 103
REDIRECT = """
table ip y {
    chain a {
        type nat hook prerouting priority -100
        ip daddr 10.201.0.2 udp dport 53 redirect to :5354
    }
}
"""
SERVICE = """
table ip y {
    chain a {
        type nat hook output priority -100
        ip daddr 10.96.0.1 udp dport 123 dnat to 10.201.0.2
    }
}
"""


@pytest.fixture
def ask(pair):
    """Asks a server's socket so many times, each time from a new port, and takes its answers."""

    def run(served, target, count):
        for _ in range(count):
            with pair.client.open_socket(socket.AF_INET, _UDP) as asking:
                asking.settimeout(5)
                asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                asking.sendto(b"q", target)
                served.sendto(b"a", served.recvfrom(10)[1])
                asking.recv(10)

    return run


@pytest.fixture
def servers(pair, counts):
    """The server's end of what was watched."""

    def end(rows):
        return counts([row for row in rows if row.netns_cookie == pair.server.cookie], lambda row: (row.role, row.port))

    return end


def test_a_server_that_answers_from_another_address_is_a_server(pair, watch, ask, servers):
    """A wildcard socket's answer leaves by the address that the route prefers."""
    pair.server.run("ip", "address", "add", "10.201.0.12/24", "dev", "eth0")
    watched = watch()
    with pair.server.bind_udp(socket.AF_INET, "", 5300) as served:
        ask(served, ("10.201.0.12", 5300), 5)
    assert servers(watched.rows()) == {(Role.SERVER, 5300): 5}
    assert watched.ignored == {"translated_reply": 10}


def test_an_answer_to_a_multicast_question_makes_no_client(pair, watch, ask):
    """mDNS, SSDP: the question is for nobody in particular, and its answer is no flow of its own."""
    watched = watch()
    with pair.server.bind_udp(socket.AF_INET, "", 5353) as served:
        group = socket.inet_aton("239.1.1.1") + socket.inet_aton(SERVER)
        with pair.server.inside():
            served.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        ask(served, ("239.1.1.1", 5353), 5)
    assert watched.rows() == []
    assert watched.ignored == {"multicast": 10, "translated_reply": 10}


def test_a_subnets_broadcast_is_no_server(pair, watch, ask, servers):
    """Its receiver knows; its sender's kernel does not say."""
    watched = watch()
    with pair.server.bind_udp(socket.AF_INET, "", 1370) as served:
        ask(served, ("10.201.0.255", 1370), 3)
    assert servers(watched.rows()) == {}


def test_a_port_redirected_at_the_server_makes_no_client(pair, watch, ask, servers):
    """Istio's DNS capture: the answer leaves with the port that was asked."""
    pair.server.run("nft", "-f", "-", text=REDIRECT)
    watched = watch()
    with pair.server.bind_udp(socket.AF_INET, "", 5354) as served:
        ask(served, (SERVER, 53), 5)
    assert servers(watched.rows()) == {(Role.SERVER, 5354): 5}


def test_a_bound_client_on_the_nodes_network_is_no_server(pair, watch, counts):
    """Ntpd asks through a Service: the answer comes from an address that it did not ask."""
    pair.client.run("nft", "-f", "-", text=SERVICE)
    watched = watch(node=Node(pair.client.cookie, packet_cookie=True))
    with (
        pair.server.bind_udp(socket.AF_INET, SERVER, 123) as served,
        pair.client.bind_udp(socket.AF_INET, CLIENT, 123) as asking,
    ):
        asking.sendto(b"q", ("10.96.0.1", 123))
        served.sendto(b"a", served.recvfrom(10)[1])
        asking.recv(10)
    ours = [row for row in watched.rows() if row.netns_cookie == pair.client.cookie]
    assert counts(ours, lambda row: row.role) == {Role.CLIENT: 1, Role.UNKNOWN: 1}


def test_a_raw_socket_that_listens_along_changes_nothing(pair, watch, ask, servers):
    """It gets a copy of each packet before the socket that the packet is for."""
    watched = watch()
    with (
        pair.server.bind_udp(socket.AF_INET, SERVER, 53) as served,
        pair.server.inside(),
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP),
    ):
        ask(served, (SERVER, 53), 7)
    assert servers(watched.rows()) == {(Role.SERVER, 53): 7}


def test_a_bind_that_failed_names_no_port(pair, watch, counts):
    """The last bind() counts."""
    watched = watch()
    with (
        pair.server.bind_udp(socket.AF_INET, "", 53) as served,
        pair.client.bind_udp(socket.AF_INET, "", 6000),
        pair.client.open_socket(socket.AF_INET, _UDP) as asking,
        pair.server.open_socket(socket.AF_INET, _UDP) as stranger,
    ):
        with pytest.raises(OSError, match="in use"):
            asking.bind(("", 6000))
        asking.bind(("", 0))
        asking.sendto(b"q", (SERVER, 53))
        stranger.sendto(b"a", served.recvfrom(10)[1])
        asking.settimeout(5)
        asking.recv(10)
    ours = [row for row in watched.rows() if row.netns_cookie == pair.client.cookie]
    assert counts(ours, lambda row: (row.role, row.port)) == {(Role.CLIENT, 53): 1}


def test_a_server_that_speaks_after_a_long_silence_stays_one(pair, watch, counts):
    """The flow is counted anew, by the end that began it."""
    watched = watch(IDLE_NS=200_000_000)
    with (
        pair.server.bind_udp(socket.AF_INET, SERVER, 5060) as served,
        pair.client.open_socket(socket.AF_INET, _UDP) as asking,
    ):
        asking.settimeout(5)
        asking.sendto(b"q", (SERVER, 5060))
        asker = served.recvfrom(10)[1]
        time.sleep(0.4)
        served.sendto(b"push", asker)
        asking.recv(10)
    assert counts(watched.rows(), lambda row: (row.role, row.port)) == {(Role.CLIENT, 5060): 2, (Role.SERVER, 5060): 2}


def test_large_and_segmented_packets_are_one_flow_each(pair, watch, counts):
    """Fragments, MSG_MORE, UDP_SEGMENT."""
    watched = watch()
    with pair.server.bind_udp(socket.AF_INET, SERVER, 6100) as served:
        with pair.client.open_socket(socket.AF_INET, _UDP) as large:
            large.sendto(bytes(9000), (SERVER, 6100))
            assert len(served.recv(10_000)) == 9000
        with pair.client.open_socket(socket.AF_INET, _UDP) as corked:
            corked.sendto(b"a" * 100, socket.MSG_MORE, (SERVER, 6100))
            corked.sendto(b"b" * 100, (SERVER, 6100))
            assert len(served.recv(10_000)) == 200
        with pair.client.open_socket(socket.AF_INET, _UDP) as segmented:
            segmented.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, struct.pack("i", 100))
            segmented.sendto(bytes(3000), (SERVER, 6100))
            assert sum(len(served.recv(10_000)) for _ in range(30)) == 3000
    assert counts(watched.rows(), lambda row: row.role) == {Role.CLIENT: 3, Role.SERVER: 3}
