"""Connections that never came about are counted as attempts, by the end that tried."""

import socket
import time
from ipaddress import ip_address

import pytest
from namespaces import CLIENT, CLIENT6, SERVER, SERVER6, connect

from schemas.records import Basis, Role

pytestmark = pytest.mark.kernel

DROP = """
table ip f {
    chain i {
        type filter hook input priority 0; policy drop;
    }
}
"""


def _attempt(row):
    return row.role, row.basis, row.established, str(ip_address(row.remote_address)), row.port


TARGETS = {"IPv4": (SERVER, SERVER), "IPv6": (SERVER6, SERVER6), "v4-mapped": (f"::ffff:{SERVER}", SERVER)}


@pytest.mark.parametrize(("target", "seen"), TARGETS.values(), ids=TARGETS)
def test_a_refused_connection_is_an_attempt(pair, watch, counts, target, seen):
    """Nobody listens: the client's kernel hears of it at once."""
    watched, family = watch(), socket.AF_INET6 if ":" in target else socket.AF_INET
    for _ in range(17):
        with pair.client.open_socket(family) as calling, pytest.raises(ConnectionRefusedError):
            calling.connect((target, 81))
    assert counts(watched.rows(), _attempt) == {(Role.CLIENT, Basis.CONNECT, False, seen, 81): 17}


def test_an_unanswered_connection_is_an_attempt_when_it_is_given_up(pair, watch, counts):
    """Half-open: dropped on the way, closed by the program before its time."""
    pair.server.run("nft", "-f", "-", text=DROP)
    watched = watch()
    calling = [pair.client.open_socket(socket.AF_INET) for _ in range(5)]
    for one in calling:
        one.setblocking(False)  # noqa: FBT003  the standard library's own signature
        one.connect_ex((SERVER, 80))
    assert watched.rows() == []
    for one in calling:
        one.close()
    assert counts(watched.rows(), _attempt) == {(Role.CLIENT, Basis.CONNECT, False, SERVER, 80): 5}


def test_an_attempt_that_succeeds_in_the_end_is_one_connection(pair, watch, counts):
    """The first packet is lost, its repetition arrives a second later."""
    watched = watch()
    with pair.server.listen(socket.AF_INET, SERVER, 80), pair.client.open_socket(socket.AF_INET) as calling:
        calling.settimeout(10)
        pair.server.run("nft", "-f", "-", text=DROP)
        calling.setblocking(False)  # noqa: FBT003  the standard library's own signature
        calling.connect_ex((SERVER, 80))
        time.sleep(0.3)
        pair.server.run("nft", "flush", "ruleset")
        calling.settimeout(10)
        calling.connect_ex((SERVER, 80))
        deadline = time.monotonic() + 8
        rows = watched.rows()
        while sum(row.count for row in rows) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
            rows += watched.rows()
    assert counts(rows, lambda row: (row.role, row.established)) == {(Role.CLIENT, True): 1, (Role.SERVER, True): 1}


def test_an_established_connection_is_no_attempt_when_it_ends(pair, watch, counts):
    """Its later states are of no interest."""
    watched = watch()
    for target, listening_at in ((SERVER, socket.AF_INET), (SERVER6, socket.AF_INET6)):
        with pair.server.listen(listening_at, target, 80) as listening:
            connect(pair.client, listening, (target, 80), 7)
    ends = {CLIENT, CLIENT6, SERVER, SERVER6}
    rows = watched.rows()
    assert {str(ip_address(row.local_address)) for row in rows} == ends
    assert counts(rows, lambda row: row.established) == {True: 28}


def test_another_programs_flags_stay(pair, watch, counts):
    """Two collectors ask for the same callback, and each counts the attempt once."""
    one, other = watch(), watch()
    with pair.client.open_socket(socket.AF_INET) as calling, pytest.raises(ConnectionRefusedError):
        calling.connect((SERVER, 81))
    for watched in (one, other):
        assert counts(watched.rows(), lambda row: row.established) == {False: 1}


def test_two_ends_that_connect_to_each_other_are_unknown(pair, watch, counts):
    """Simultaneous open (RFC 9293, 3.5): both called, and neither listened."""
    watched = watch()
    one, other = pair.client.open_socket(socket.AF_INET), pair.server.open_socket(socket.AF_INET)
    with one, other:
        one.bind((CLIENT, 7001))
        other.bind((SERVER, 7002))
        pair.server.run("nft", "-f", "-", text=DROP)
        pair.client.run("nft", "-f", "-", text=DROP)
        for calling, target in ((one, (SERVER, 7002)), (other, (CLIENT, 7001))):
            calling.setblocking(False)  # noqa: FBT003  the standard library's own signature
            calling.connect_ex(target)
        pair.server.run("nft", "flush", "ruleset")
        pair.client.run("nft", "flush", "ruleset")
        rows, deadline = watched.rows(), time.monotonic() + 8
        while sum(row.count for row in rows) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
            rows += watched.rows()
    assert counts(rows, lambda row: (row.role, row.established)) == {(Role.UNKNOWN, True): 2}
