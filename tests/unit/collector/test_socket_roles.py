"""The role of an open connection comes from who listens and what was sent; a contradiction leaves it unknown."""

from ipaddress import ip_address

import pytest

from collector.sock_diag import ANY, CLOSE_WAIT, ESTABLISHED, FIN_WAIT1, FIN_WAIT2, LISTEN, Progress, TcpSocket
from collector.socket_roles import Listeners, counted_role, role_of
from schemas.records import Role

POD = ip_address("10.201.0.1").packed.ljust(16, b"\0")
POD6 = ip_address("fd00:201::1").packed
PEER = ip_address("10.201.0.2").packed.ljust(16, b"\0")
SYN = 1


def tcp(state=ESTABLISHED, family=2, local=POD, progress=None, **more):
    queued, takes_ipv4 = more.get("queued", 0), more.get("takes_ipv4", False)
    return TcpSocket(family, state, local, PEER, 8080, 9090, 1, 0, queued, progress, takes_ipv4)


def quiet(acked, sent=0, retransmitted=0):
    return Progress(0, acked, 0, sent, retransmitted)


CLIENT, SERVER, NOTHING = tcp(progress=quiet(SYN)), tcp(progress=quiet(0)), tcp(progress=quiet(77))


@pytest.mark.parametrize(
    ("connection", "role"),
    [
        (tcp(progress=quiet(SYN)), Role.CLIENT),
        (tcp(progress=quiet(0)), Role.SERVER),
        (tcp(progress=quiet(1000 + SYN, sent=1300, retransmitted=300)), Role.CLIENT),
        (tcp(progress=quiet(1000, sent=1300, retransmitted=300)), Role.SERVER),
        (tcp(CLOSE_WAIT, progress=quiet(10 + SYN, sent=10)), Role.CLIENT),
        (tcp(FIN_WAIT2, progress=quiet(10 + SYN + 1, sent=10)), Role.CLIENT),
        (tcp(FIN_WAIT2, progress=quiet(10 + 1, sent=10)), Role.SERVER),
        (tcp(progress=quiet(10, sent=1471)), None),
        (tcp(progress=None), None),
    ],
)
def test_an_acknowledged_syn_tells_who_called(connection, role):
    """One byte more than was sent is the SYN of the end that connected; anything else proves nothing."""
    assert counted_role(connection) is role


@pytest.mark.parametrize(
    ("state", "queued", "acked", "role"),
    [
        (ESTABLISHED, 3000, 1000 + SYN, Role.CLIENT),
        (ESTABLISHED, 3000, 1000, None),
        (ESTABLISHED, 2063, 1937 + SYN, None),
        (FIN_WAIT1, 3000, 1000 + SYN, None),
    ],
    ids=["client", "server", "few bytes", "perhaps a FIN"],
)
def test_bytes_in_flight_prove_a_client_only(state, queued, acked, role):
    """They are told without the lock: 1,000 acknowledged, 1,000 in flight, 2,000 written and not yet sent."""
    progress = Progress(unacked=2, acked=acked, not_sent=2000, sent=2000, retransmitted=0)
    assert counted_role(tcp(state, progress=progress, queued=queued)) is role


@pytest.mark.parametrize(
    ("connection", "listening", "role"),
    [
        (SERVER, True, Role.SERVER),
        (NOTHING, True, Role.SERVER),
        (CLIENT, True, Role.UNKNOWN),
        (SERVER, False, Role.SERVER),
        (CLIENT, False, Role.CLIENT),
        (NOTHING, False, Role.UNKNOWN),
    ],
)
def test_a_listener_and_the_counters_must_not_disagree(connection, listening, role):
    """Either is enough; a client on a port with a listener is not believed to be either."""
    listeners = Listeners([tcp(LISTEN)] if listening else [])
    assert role_of(connection, listeners) is role


@pytest.mark.parametrize(
    ("listener", "ipv4", "ipv6"),
    [
        (tcp(LISTEN, local=POD), True, False),
        (tcp(LISTEN, local=ANY), True, False),
        (tcp(LISTEN, local=PEER), False, False),
        (tcp(LISTEN, 10, ANY, takes_ipv4=True), True, True),
        (tcp(LISTEN, 10, ANY), False, True),
        (tcp(LISTEN, 10, POD6), False, True),
        (tcp(LISTEN)._replace(local_port=8081), False, False),
    ],
    ids=["exact", "any", "another", "any of both", "any of IPv6", "exact IPv6", "another port"],
)
def test_a_listener_takes_what_the_kernel_gives_it(listener, ipv4, ipv6):
    """Its own address or any of its family, and IPv4 on an IPv6 socket that takes it."""
    listeners = Listeners([listener])
    assert (listeners.take(tcp()), listeners.take(tcp(family=10, local=POD6))) == (ipv4, ipv6)
