"""TCP connections that stay open between two namespaces, and a second instrument that shows them."""

import contextlib
import socket
import subprocess
import threading
from collections import Counter
from ipaddress import ip_address

import pytest
from programs import wait_until

from collector.layout import decode
from collector.scan import Scanner

IPV4, IPV6 = socket.AF_INET, socket.AF_INET6


class Held:
    """Connections that stay open, and what accepts them."""

    def __init__(self, pair, stack):
        self.pair, self._stack = pair, stack
        self.clients, self.servers = [], []

    def listen(self, family, bound, port):
        """A listener in the server's namespace."""
        return self._stack.enter_context(self.pair.server.listen(family, bound, port))

    def connect(self, listening, target, count=1):
        """Open so many connections and keep them."""
        for _ in range(count):
            calling = self.pair.client.open_socket(IPV6 if ":" in target[0] else IPV4)
            calling.connect(target)
            self.keep(calling, listening)

    def keep(self, calling, listening):
        """Accept a connection, and keep both its ends."""
        self.clients.append(self._stack.enter_context(calling))
        self.servers.append(self._stack.enter_context(listening.accept()[0]))

    def close(self, count):
        """End so many, for both ends without a trace."""
        for sockets in (self.clients, self.servers):
            for _ in range(count):
                ending = sockets.pop()
                ending.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                ending.close()


@pytest.fixture
def held(pair, cgroup):
    """Connections between the two namespaces, from the test's own cgroup."""
    with contextlib.ExitStack() as stack:
        yield Held(pair, stack)


@pytest.fixture
def scanner(cgroup):
    """Makes a scanner of the test's own sockets, beside the programs of a watch."""

    def make(watched):
        return Scanner(watched.source.counted_so_far, lambda: {cgroup.stat().st_ino})

    return make


def connections(found):
    return [decode(key, value, 0) for key, value in found.rows]


def counts(rows):
    total = Counter()
    for row in rows:
        total[row.role, str(ip_address(row.local_address)), str(ip_address(row.remote_address)), row.port] += row.count
    return dict(total)


def shown_by_ss(namespace):
    """What the second instrument shows: state and bytes queued to send, for each connection."""
    with namespace.inside():
        lines = subprocess.run(["ss", "-Htn", "state", "connected"], check=True, capture_output=True, text=True).stdout
    return [(state, int(queued)) for state, _, queued, *_ in (line.split() for line in lines.splitlines())]


def established(pair):
    """How many connections `ss` shows at either end."""
    return [sum(state == "ESTAB" for state, _ in shown_by_ss(end)) for end in (pair.client, pair.server)]


def settle(pair):
    """Wait until everything that was sent has been acknowledged."""
    both = (pair.client, pair.server)
    wait_until(lambda: not any(queued for end in both for _, queued in shown_by_ss(end)), 30, "acknowledgements")


def talk(held, pieces=50, size=2000):
    """Each end of each connection sends so many pieces, and waits until it has as many from the other."""

    def send(sending):
        sending.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(pieces):
            sending.sendall(bytes(size))

    def receive(receiving):
        left = pieces * size
        while left:
            left -= len(receiving.recv(left))

    ends = [*held.clients, *held.servers]
    talking = [threading.Thread(target=work, args=(end,)) for end in ends for work in (send, receive)]
    for thread in talking:
        thread.start()
    for thread in talking:
        thread.join()
