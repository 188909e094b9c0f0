"""UDP sockets older than the programs: the role is what their behaviour shows, or UNKNOWN."""

import socket
import time

import pytest
from namespaces import CLIENT, SERVER

from schemas.records import Basis, Role

pytestmark = pytest.mark.kernel

UNSURE_NS = 400_000_000
"""So long may an older socket get answers to older questions, in these tests."""


@pytest.fixture
def ends(pair):
    """A server's socket and a client's, both bound by name, and older than the programs."""
    with (
        pair.server.bind_udp(socket.AF_INET, SERVER, 53) as served,
        pair.client.bind_udp(socket.AF_INET, CLIENT, 40000) as asking,
    ):
        yield asking, served


def _role(row):
    return row.role, row.basis, row.port


def _wait():
    time.sleep(UNSURE_NS / 1e9 + 0.1)


def test_an_older_server_that_is_asked_later_is_a_listener(pair, watch, counts, ends):
    """DNS servers are older than most agents: after the first seconds their clients are counted as ever."""
    watched, (_, served) = watch(UNSURE_NS=UNSURE_NS), ends
    _wait()
    for _ in range(7):
        with pair.client.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.sendto(b"q", (SERVER, 53))
            served.sendto(b"a", served.recvfrom(10)[1])
    assert counts([row for row in watched.rows() if row.role is not Role.CLIENT], _role) == {
        (Role.SERVER, Basis.LISTENER, 53): 7
    }


def test_an_answer_to_an_older_question_is_nobodys_flow(watch, ends):
    """What ends before its role shows is counted by reason, and guessed by nobody."""
    asking, served = ends
    asking.sendto(b"q", (SERVER, 53))
    asker = served.recvfrom(10)[1]
    watched = watch(UNSURE_NS=UNSURE_NS)
    served.sendto(b"a", asker)
    asking.recv(10)
    assert watched.rows() == []
    assert watched.losses == {"before_start": 2}


def test_who_only_sends_is_the_client(watch, counts, ends):
    """A statsd client with one socket for years shows its role as soon as it may."""
    asking, served = ends
    watched = watch(UNSURE_NS=UNSURE_NS)
    asking.sendto(b"early", (SERVER, 53))
    _wait()
    asking.sendto(b"late", (SERVER, 53))
    served.recv(10)
    assert counts(watched.rows(), _role) == {
        (Role.CLIENT, Basis.FIRST_SENDER, 53): 1,
        (Role.SERVER, Basis.LISTENER, 53): 1,
    }


def test_a_talk_without_a_pause_stays_unknown(watch, counts, ends):
    """Both ends send, and nobody saw who began."""
    asking, served = ends
    watched = watch(UNSURE_NS=UNSURE_NS)
    for _ in range(8):
        asking.sendto(b"q", (SERVER, 53))
        served.sendto(b"a", served.recvfrom(10)[1])
        asking.recv(10)
        time.sleep(UNSURE_NS / 4e9)
    assert counts(watched.rows(), _role) == {
        (Role.UNKNOWN, Basis.SNAPSHOT, 53): 1,
        (Role.UNKNOWN, Basis.SNAPSHOT, 40000): 1,
    }


def test_an_older_connected_socket_is_a_clients(pair, watch, counts, ends):
    """connect() is what the socket did; its older question's answer does not turn it into a server."""
    _, served = ends
    with pair.client.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.connect((SERVER, 53))
        asking.send(b"q")
        asker = served.recvfrom(10)[1]
        watched = watch(UNSURE_NS=UNSURE_NS)
        served.sendto(b"a", asker)
        asking.recv(10)
        assert counts(watched.rows(), _role) == {(Role.CLIENT, Basis.CONNECT, 53): 1}


def test_a_flow_that_goes_on_is_shown_again_and_not_counted_again(pair, watch):
    """A count of 0 says that it is still there."""
    watched = watch(AGAIN_NS=100_000_000)
    with (
        pair.server.bind_udp(socket.AF_INET, SERVER, 514),
        pair.client.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as asking,
    ):
        shown = []
        for _ in range(3):
            asking.sendto(b"x", (SERVER, 514))
            shown.append({row.role: row.count for row in watched.rows()})
            time.sleep(0.15)
    assert shown == [{Role.CLIENT: 1, Role.SERVER: 1}, *[{Role.CLIENT: 0, Role.SERVER: 0}] * 2]
