"""On the node's own network the socket's control group is in the key, for a pod shares the namespace with others."""

import socket

import pytest
from namespaces import SERVER, connect

from collector.layout import KEY, KEY_FIELDS
from collector.probe import Node

pytestmark = pytest.mark.kernel


def _groups(watched):
    """The control groups of the rows, by namespace and role."""
    keys = [dict(zip(KEY_FIELDS, KEY.unpack(key), strict=True)) for key, _ in watched.source.drain().rows]
    return {(key["netns_cookie"], key["role"]): key["cgroup_id"] for key in keys}


def _tcp(pair):
    with pair.server.listen(socket.AF_INET, SERVER, 80) as listening:
        connect(pair.client, listening, (SERVER, 80), 3)


def _udp(pair):
    with (
        pair.server.bind_udp(socket.AF_INET, SERVER, 53) as served,
        pair.client.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as asking,
    ):
        asking.sendto(b"q", (SERVER, 53))
        served.recv(10)


@pytest.mark.parametrize("made", [_tcp, _udp], ids=["TCP", "UDP"])
@pytest.mark.parametrize("own", ["client", "server"])
def test_only_sockets_of_the_nodes_namespace_carry_their_group(pair, watch, cgroup, made, own):
    """One of the two namespaces is taken to be the node's; an accepted socket has its listener's group."""
    node = getattr(pair, own).cookie
    watched = watch(node=Node(node, packet_cookie=True))
    made(pair)
    assert _groups(watched) == {
        (pair.client.cookie, 0): cgroup.stat().st_ino if own == "client" else 0,
        (pair.server.cookie, 1): cgroup.stat().st_ino if own == "server" else 0,
    }


def test_a_listener_older_than_the_programs_has_no_group(pair, watch):
    """Its note was never written: empty, not guessed."""
    with pair.server.listen(socket.AF_INET, SERVER, 80) as listening:
        watched = watch(node=Node(pair.server.cookie, packet_cookie=True))
        connect(pair.client, listening, (SERVER, 80), 3)
    assert _groups(watched) == {(pair.client.cookie, 0): 0, (pair.server.cookie, 1): 0}
