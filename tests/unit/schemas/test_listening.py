"""An address to listen at is read as a person writes it, and refused with what to do."""

import socket

import pytest

from schemas.errors import UsageError
from schemas.listening import Address, listening


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9464", Address("127.0.0.1", 9464)),
        ("[::1]:9464", Address("::1", 9464)),
        ("[10.0.0.7]:9464", Address("10.0.0.7", 9464)),  # the chart writes brackets round any pod address
        ("localhost:0", Address("localhost", 0)),
        ("0.0.0.0:65535", Address("0.0.0.0", 65535)),  # noqa: S104  what a DaemonSet may say
    ],
)
def test_host_and_port_are_read(text, address):
    """Brackets are not a part of the host."""
    assert Address.parse(text) == address


@pytest.mark.parametrize(
    "text", ["", "9464", ":9464", "[]:9464", "::1:9464", "host:", "host:port", "host:-1", "host:65536", "host:²"]
)
def test_anything_else_is_refused_by_name(text):
    """The option and the text stand in the error."""
    with pytest.raises(UsageError) as refused:
        Address.parse(text)
    assert str(refused.value).startswith(f"--metrics-address {text}: ")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_address_reads_back(host):
    """What is logged can be given again."""
    address = Address(host, 1)
    assert Address.parse(str(address)) == address


def test_a_port_in_use_is_named_with_what_to_do():
    """The command that finds its user is in the error."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is in use; give another.*sport = :{port}"):  # noqa: SIM117
            with listening(Address("127.0.0.1", port)):
                pass


@pytest.mark.parametrize(
    ("host", "reason"),
    [("192.0.2.1", "no such address"), ("no-such-host.invalid", "nobody knows the host")],
)
def test_a_host_that_is_not_here_is_refused(host, reason):
    """192.0.2.0/24 is nobody's (RFC 5737), and .invalid has no names (RFC 6761)."""
    with pytest.raises(UsageError, match=reason), listening(Address(host, 0)):
        pass


def test_all_addresses_of_both_families():
    """`[::]` also takes IPv4, so one option serves a cluster of either family."""
    with listening(Address("::", 0)) as listener:
        port = listener.getsockname()[1]
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port), timeout=5).close()
