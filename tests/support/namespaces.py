"""Two network namespaces joined by a veth pair, and real TCP connections between them.

      client                                        server
      10.201.0.1, fd00:201::1  ------ veth ------   10.201.0.2, fd00:201::2

The sockets belong to the calling process: only their namespace differs, so the process's cgroup is theirs too.
"""

import contextlib
import ctypes
import os
import socket
import struct
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CLIENT, SERVER = "10.201.0.1", "10.201.0.2"
CLIENT6, SERVER6 = "fd00:201::1", "fd00:201::2"
_CLONE_NEWNET = 0x40000000
_SO_NETNS_COOKIE = 71
_libc = ctypes.CDLL(None, use_errno=True)


def _ip(*words: str, text: str | None = None) -> None:
    subprocess.run(["ip", *words], check=True, input=text, text=True)


def _enter(path: str) -> None:
    with Path(path).open("rb") as namespace:
        if _libc.setns(namespace.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")


@dataclass(frozen=True, slots=True)
class Namespace:
    """A named network namespace."""

    name: str

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """The calling thread is in the namespace."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _enter(f"/run/netns/{self.name}")
            yield
        finally:
            if _libc.setns(home, _CLONE_NEWNET):
                os._exit(3)  # no later test may run in the wrong namespace
            os.close(home)

    def open_socket(self, family: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A socket of the namespace, TCP if not said otherwise."""
        with self.inside():
            return socket.socket(family, kind)

    def bind_udp(self, family: int, address: str, port: int) -> socket.socket:
        """A UDP socket bound to a named port; an IPv6 wildcard takes IPv4 too."""
        bound = self.open_socket(family, socket.SOCK_DGRAM)
        bound.settimeout(5)
        bound.bind((address, port))
        return bound

    def listen(self, family: int, address: str, port: int) -> socket.socket:
        """A listening socket; an IPv6 wildcard takes IPv4 too, as Java's and Go's do."""
        listening = self.open_socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(512)
        return listening

    @property
    def cookie(self) -> int:
        """The kernel's cookie of the namespace."""
        with self.open_socket(socket.AF_INET) as any_socket:
            return struct.unpack("=Q", any_socket.getsockopt(socket.SOL_SOCKET, _SO_NETNS_COOKIE, 8))[0]

    def counter(self, name: str, protocol: str = "Tcp") -> int:
        """A counter of the kernel's own, such as ActiveOpens, or OutDatagrams of Udp: the second instrument."""
        with self.inside():
            lines = Path("/proc/thread-self/net/snmp").read_text().splitlines()
        names, values = (line.split() for line in lines if line.startswith(f"{protocol}:"))
        return int(values[names.index(name)])

    def run(self, *command: str, text: str | None = None) -> None:
        """Run a command inside."""
        _ip("netns", "exec", self.name, *command, text=text)


@dataclass(frozen=True, slots=True)
class Pair:
    """The two namespaces."""

    client: Namespace
    server: Namespace


@contextlib.contextmanager
def namespace_pair() -> Iterator[Pair]:
    """Two joined namespaces for the time of the block."""
    tag = uuid.uuid4().hex[:6]
    pair = Pair(Namespace(f"npt-{tag}-c"), Namespace(f"npt-{tag}-s"))
    made = []
    try:
        for namespace in (pair.client, pair.server):
            _ip("netns", "add", namespace.name)
            made.append(namespace)
        _join(pair)
        yield pair
    finally:
        for namespace in made:
            _ip("netns", "delete", namespace.name)


def _join(pair: Pair) -> None:
    _ip("-n", pair.client.name, "link", "add", "eth0", "type", "veth", "peer", "eth0", "netns", pair.server.name)
    for namespace, address, address6, other in (
        (pair.client, CLIENT, CLIENT6, SERVER),
        (pair.server, SERVER, SERVER6, CLIENT),
    ):
        commands = f"""\
link set lo up
link set eth0 up
address add {address}/24 dev eth0
address add {address6}/64 dev eth0 nodad
route add default via {other}
"""
        _ip("-n", namespace.name, "-batch", "-", text=commands)


def connect(client: Namespace, listening: socket.socket, target: tuple[str, int], count: int) -> int:
    """Make so many connections to the target, one after the other, each closed by a reset; how many were made."""
    family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
    with client.inside():
        for _ in range(count):
            with socket.socket(family, socket.SOCK_STREAM) as calling:
                calling.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                calling.connect(target)
                accepted, _ = listening.accept()
                accepted.close()
    return count
