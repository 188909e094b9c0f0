"""A namespace's sockets are listed as the kernel names them, and not searched for where there are none."""

import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from held_connections import IPV4, IPV6
from namespaces import SERVER, SERVER6

from collector import namespace_sockets
from collector.namespace_sockets import sockets_of
from collector.netns import Netns
from collector.sock_diag import OPEN, tcp_sockets

pytestmark = pytest.mark.kernel

SO_COOKIE = 57  # include/uapi/asm-generic/socket.h


def test_the_list_names_sockets_as_the_kernel_does(held, cgroup):
    """SO_COOKIE is what the programs see too; the control group is the one in which the socket was made."""
    held.connect(held.listen(IPV4, SERVER, 80), (SERVER, 80), 3)
    with sockets_of(named(held.pair.client)) as sockets:
        found = {(one.cookie, one.cgroup_id) for one in sockets.open()}
    cookies = [int.from_bytes(one.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8), sys.byteorder) for one in held.clients]
    assert found == {(cookie, cgroup.stat().st_ino) for cookie in cookies}


def named(namespace):
    return Netns(0, namespace.cookie, Path("/run/netns") / namespace.name)


def test_a_path_that_leads_to_another_namespace_by_now_is_not_read(pair):
    """A process number that was given again would put one pod's connections down to another."""
    there = replace(named(pair.client), cookie=pair.server.cookie)
    with pytest.raises(ProcessLookupError, match="elsewhere"), sockets_of(there):
        pass


def test_a_namespace_with_listeners_only_is_not_searched(held, monkeypatch):
    """Its listeners are known, and the kernel's count says that there is nothing else."""
    searched = []
    monkeypatch.setattr(namespace_sockets, "tcp_sockets", spy(searched))
    held.listen(IPV4, SERVER, 80)
    held.listen(IPV6, "::", 81)
    with sockets_of(named(held.pair.server)) as sockets:
        assert [one.local_port for one in sockets.listening] == [80, 81]
        assert list(sockets.open()) == []
    assert searched == []


def test_only_the_family_with_a_connection_is_searched(held, monkeypatch):
    """The other one's count shows listeners only."""
    searched = []
    monkeypatch.setattr(namespace_sockets, "tcp_sockets", spy(searched))
    listening = held.listen(IPV4, SERVER, 80)
    held.listen(IPV6, "::", 81)
    held.connect(listening, (SERVER, 80))
    with sockets_of(named(held.pair.server)) as sockets:
        assert [one.local_port for one in sockets.open()] == [80]
    assert searched == [IPV4]


def spy(searched):
    """`tcp_sockets`, which notes the families whose connections are asked for."""

    def asking(asked, states, family):
        if states is OPEN:
            searched.append(family)
        return tcp_sockets(asked, states, family)

    return asking


@pytest.mark.parametrize("family", [IPV4, IPV6])
def test_without_the_kernels_count_everything_is_searched(held, monkeypatch, family):
    """A procfs that does not show it, or a kernel without IPv6."""
    monkeypatch.setattr(namespace_sockets, "_COUNTS", ("/proc/none", "/proc/none"))
    target = (SERVER, 80) if family == IPV4 else (SERVER6, 80)
    held.connect(held.listen(family, target[0], 80), target)
    with sockets_of(named(held.pair.client)) as sockets:
        assert [one.remote_port for one in sockets.open()] == [80]
