"""Known numbers of real TCP connections are counted as edges, exactly and with their roles."""

import socket
import time
from dataclasses import dataclass
from ipaddress import ip_address

import pytest
from namespaces import CLIENT, CLIENT6, SERVER, SERVER6, connect

from schemas.records import Basis, Protocol, Role

pytestmark = pytest.mark.kernel


def _edge(row):
    return row.role, str(ip_address(row.local_address)), str(ip_address(row.remote_address)), row.port


SERVICE = """
table ip services {
    chain output {
        type nat hook output priority -100
        ip daddr 10.201.9.9 tcp dport 80 dnat to 10.201.0.2:8080
    }
}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A target, where its server listens, and whom the two ends see."""

    target: tuple[str, int]
    family: socket.AddressFamily
    bound: str
    count: int
    client: str = CLIENT
    server: str = SERVER


CASES = {
    "IPv4": Case((SERVER, 50051), socket.AF_INET, SERVER, 13),
    "IPv6": Case((SERVER6, 8080), socket.AF_INET6, SERVER6, 17, CLIENT6, SERVER6),
    "v4-mapped at both ends": Case((f"::ffff:{SERVER}", 9094), socket.AF_INET6, "::", 19),
    "v4-mapped at the server": Case((SERVER, 443), socket.AF_INET6, "::", 23),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_both_ends_are_counted_with_their_roles(pair, watch, counts, case):
    """The client's edge names the server's port, the server's edge names its own; the ephemeral port is nowhere."""
    watched, port = watch(), case.target[1]
    with pair.server.listen(case.family, case.bound, port) as listening:
        connect(pair.client, listening, case.target, case.count)
    assert counts(watched.rows(), _edge) == {
        (Role.CLIENT, case.client, case.server, port): case.count,
        (Role.SERVER, case.server, case.client, port): case.count,
    }
    assert watched.losses == {}


def test_each_edge_carries_its_namespace_basis_and_time(pair, watch):
    """The cookie tells the pod, the basis why the role is believed, the times are UTC."""
    watched, before = watch(), time.time_ns() // 1_000_000
    with pair.server.listen(socket.AF_INET, SERVER, 80) as listening:
        connect(pair.client, listening, (SERVER, 80), 3)
    after = time.time_ns() // 1_000_000
    client, server = sorted(watched.rows(), key=lambda row: row.role.value)
    assert (client.netns_cookie, server.netns_cookie) == (pair.client.cookie, pair.server.cookie)
    assert (client.basis, server.basis) == (Basis.CONNECT, Basis.ACCEPT)
    for row in (client, server):
        assert before - 12 <= row.first_seen <= row.last_seen <= after + 2  # the clock of the rows is a coarse one
        assert (row.protocol, row.established, row.pod_uid) == (Protocol.TCP, True, "")


def test_the_kernels_own_counters_agree(pair, watch, counts):
    """ActiveOpens and PassiveOpens of the namespaces are the second instrument."""
    opened, accepted = pair.client.counter("ActiveOpens"), pair.server.counter("PassiveOpens")
    watched = watch()
    with pair.server.listen(socket.AF_INET, SERVER, 80) as listening:
        connect(pair.client, listening, (SERVER, 80), 101)
    by_role = counts(watched.rows(), lambda row: row.role)
    assert by_role == {Role.CLIENT: 101, Role.SERVER: 101}
    assert by_role[Role.CLIENT] == pair.client.counter("ActiveOpens") - opened
    assert by_role[Role.SERVER] == pair.server.counter("PassiveOpens") - accepted


def test_a_service_address_is_what_the_client_sees(pair, watch, counts):
    """Behind a DNAT the client's edge has the Service's address and port, the server's edge the pod's port."""
    pair.client.run("nft", "-f", "-", text=SERVICE)
    watched = watch()
    with pair.server.listen(socket.AF_INET, SERVER, 8080) as listening:
        connect(pair.client, listening, ("10.201.9.9", 80), 29)
    assert counts(watched.rows(), _edge) == {
        (Role.CLIENT, CLIENT, "10.201.9.9", 80): 29,
        (Role.SERVER, SERVER, CLIENT, 8080): 29,
    }


@pytest.mark.parametrize(
    ("target", "family", "reason"),
    [
        ("127.0.0.1", socket.AF_INET, "loopback"),
        ("127.9.9.9", socket.AF_INET, "loopback"),
        ("::1", socket.AF_INET6, "loopback"),
        ("::ffff:127.0.0.1", socket.AF_INET6, "loopback"),
        (SERVER, socket.AF_INET, "own_address"),
        (SERVER6, socket.AF_INET6, "own_address"),
        (f"::ffff:{SERVER}", socket.AF_INET6, "own_address"),
    ],
)
def test_what_stays_in_the_pod_is_ignored_and_counted_by_reason(pair, watch, target, family, reason):
    """Both ends are ignored, both are counted."""
    watched = watch()
    with pair.server.listen(family, "::" if family == socket.AF_INET6 else "0.0.0.0", 80) as listening:  # noqa: S104  inside the test's own namespace
        connect(pair.server, listening, (target, 80), 7)
    assert watched.rows() == []
    assert watched.ignored == {reason: 14}
    assert watched.losses == {}
