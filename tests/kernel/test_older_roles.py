"""The roles of connections older than the programs, told by listeners and by what the kernel counted, or unknown."""

import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
from held_connections import IPV4, IPV6, connections, counts, established, settle, talk
from namespaces import CLIENT, CLIENT6, SERVER, SERVER6

from schemas.records import Basis, Role

pytestmark = pytest.mark.kernel

LOSSY = """
table inet lossy {
    chain input {
        type filter hook input priority 0
        meta l4proto tcp numgen inc mod 20 == 19 drop
    }
}
"""


def sent_again(pair):
    """Whether both ends had to."""
    return all(end.counter("RetransSegs") for end in (pair.client, pair.server))


@dataclass(frozen=True, slots=True)
class Case:
    """A target, where its server listens, how many connections, and whom the two ends see."""

    target: tuple[str, int]
    family: socket.AddressFamily
    bound: str
    count: int
    client: str = CLIENT
    server: str = SERVER


CASES = {
    "IPv4": Case((SERVER, 50051), IPV4, SERVER, 13),
    "any address": Case((SERVER, 40001), IPV4, "0.0.0.0", 11),  # noqa: S104  inside the test's own namespace
    "IPv6": Case((SERVER6, 8080), IPV6, SERVER6, 17, CLIENT6, SERVER6),
    "v4-mapped at both ends": Case((f"::ffff:{SERVER}", 9094), IPV6, "::", 19),
    "v4-mapped at the server": Case((SERVER, 443), IPV6, "::", 23),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_both_ends_of_older_connections_have_their_roles(held, watch, scanner, case):
    """As many as were made and as `ss` shows at either end, on ports of which some look like a client's."""
    held.connect(held.listen(case.family, case.bound, case.target[1]), case.target, case.count)
    rows = connections(scanner(watch()).scan(7_000_000))
    port = case.target[1]
    assert counts(rows) == {
        (Role.CLIENT, case.client, case.server, port): case.count,
        (Role.SERVER, case.server, case.client, port): case.count,
    }
    assert established(held.pair) == [case.count] * 2
    cookies = {Role.CLIENT: held.pair.client.cookie, Role.SERVER: held.pair.server.cookie}
    assert {row.role: row.netns_cookie for row in rows} == cookies
    assert {(row.basis, row.established, row.first_seen, row.last_seen) for row in rows} == {
        (Basis.SNAPSHOT, True, 7, 7)
    }


@pytest.mark.parametrize("lossy", [False, True], ids=["all arrives", "with losses"])
@pytest.mark.parametrize("ends", [(CLIENT, SERVER), (CLIENT6, SERVER6)], ids=["IPv4", "IPv6"])
def test_without_a_listener_the_kernels_counters_tell(held, watch, scanner, lossy, ends):
    """Data has gone both ways, the listener has been closed: who connected is still known at both ends."""
    client, server = ends
    for end in (held.pair.client, held.pair.server) if lossy else ():
        end.run("nft", "-f", "-", text=LOSSY)
    with held.listen(IPV6, "::", 8080) as listening:
        held.connect(listening, (server, 8080), 7)
    talk(held)
    settle(held.pair)
    assert sent_again(held.pair) is lossy
    rows = connections(scanner(watch()).scan(0))
    assert counts(rows) == {(Role.CLIENT, client, server, 8080): 7, (Role.SERVER, server, client, 8080): 7}


def fast_opens(namespace):
    """Connections that the kernel has accepted with data in their SYN."""
    with namespace.inside():
        lines = Path("/proc/thread-self/net/netstat").read_text().splitlines()
    names, values = (line.split() for line in lines if line.startswith("TcpExt:"))
    return int(values[names.index("TCPFastOpenPassive")])


def test_data_in_the_first_segment_does_not_mislead(held, watch, scanner):
    """TCP Fast Open sends with the SYN, which the kernel counts with the rest."""
    fast_open, no_cookies = 0x20000000, "net.ipv4.tcp_fastopen=519"  # MSG_FASTOPEN; client, server, without a cookie
    for end in (held.pair.client, held.pair.server):
        end.run("sysctl", "-qw", no_cookies)
    with held.listen(IPV4, SERVER, 8080) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
        for _ in range(3):
            calling = held.pair.client.open_socket(IPV4)
            calling.sendto(b"early", fast_open, (SERVER, 8080))
            held.keep(calling, listening)
            assert held.servers[-1].recv(5) == b"early"
    settle(held.pair)
    assert fast_opens(held.pair.server) == 3
    assert counts(connections(scanner(watch()).scan(0))) == {
        (Role.CLIENT, CLIENT, SERVER, 8080): 3,
        (Role.SERVER, SERVER, CLIENT, 8080): 3,
    }


@pytest.mark.parametrize("ends", ["clients", "servers"])
def test_half_closed_connections_keep_their_roles(held, watch, scanner, ends):
    """One end will send no more, the other may for hours."""
    with held.listen(IPV4, SERVER, 8080) as listening:
        held.connect(listening, (SERVER, 8080), 3)
    for ending in getattr(held, ends):
        ending.shutdown(socket.SHUT_WR)
    settle(held.pair)
    assert counts(connections(scanner(watch()).scan(0))) == {
        (Role.CLIENT, CLIENT, SERVER, 8080): 3,
        (Role.SERVER, SERVER, CLIENT, 8080): 3,
    }


def test_a_client_on_a_port_with_a_listener_is_unknown(held, watch, scanner):
    """Two members of a mesh use one port for calling and for being called: nothing is guessed."""
    listening = held.listen(IPV4, SERVER, 9094)
    with held.pair.client.open_socket(IPV4) as called, held.pair.client.open_socket(IPV4) as calling:
        for each in (called, calling):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            each.bind((CLIENT, 9094))
        calling.connect((SERVER, 9094))
        called.listen()
        held.keep(calling, listening)
        assert counts(connections(scanner(watch()).scan(0))) == {
            (Role.UNKNOWN, CLIENT, SERVER, 9094): 1,
            (Role.SERVER, SERVER, CLIENT, 9094): 1,
        }
