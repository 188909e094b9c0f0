"""Two network namespaces whose many addresses talk to each other, and a cgroup; all of it is removed at the end.

client  10.201.0.0/16 ---- veth 10.200.0.1, 10.200.0.2 ---- 10.202.0.0/16  server
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench.collector.load import Place
from collector.link import root_cgroup
from schemas.errors import Unavailable

_PREFIX: Final = "npbench-"
_NAMESPACES: Final = Path("/run/netns")
_MAC: Final = "02:00:00:00:00:0"
_ENVIRONMENT: Final = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}


@contextmanager
def place() -> Iterator[Place]:
    """The namespaces and the cgroup for the time of the block; raises Unavailable if they cannot be made."""
    _remove_abandoned()
    with ExitStack() as made:
        client, server = (made.enter_context(_namespace(f"{_PREFIX}{os.getpid()}-{end}")) for end in "cs")
        cgroup = made.enter_context(_cgroup())
        _ip("-n", client, "link", "add", "eth0", "address", f"{_MAC}1", "type", "veth",
            "peer", "name", "eth0", "address", f"{_MAC}2", "netns", server)  # fmt: skip
        for name, number in ((client, 1), (server, 2)):
            _ip("-n", name, "-batch", "-", text=_addresses(number))
        yield Place(_NAMESPACES / client, _NAMESPACES / server, cgroup)


def counters(namespace: Path) -> dict[str, int]:
    """The kernel's own counters of TCP in a namespace, such as ActiveOpens: a second instrument."""
    text = _ip("netns", "exec", namespace.name, "cat", "/proc/net/snmp")
    names, values = (line.split()[1:] for line in text.splitlines() if line.startswith("Tcp:"))
    return dict(zip(names, map(int, values), strict=True))


def _addresses(number: int) -> str:
    """What `ip` is told in the namespace with this number; a whole /16 is local to it (AnyIP), none is asked by ARP."""
    other = 3 - number
    return f"""\
link set lo up
link set eth0 up
address add 10.200.0.{number}/24 dev eth0
route add local 10.{200 + number}.0.0/16 dev lo
neigh replace 10.200.0.{other} lladdr {_MAC}{other} dev eth0 nud permanent
route add 10.{200 + other}.0.0/16 via 10.200.0.{other}
"""


@contextmanager
def _namespace(name: str) -> Iterator[str]:
    _ip("netns", "add", name)
    try:
        yield name
    finally:
        _ip("netns", "delete", name)


@contextmanager
def _cgroup() -> Iterator[Path]:
    directory = root_cgroup() / f"{_PREFIX}{os.getpid()}"
    try:
        directory.mkdir()
    except OSError as error:
        raise Unavailable(f"no cgroup {directory} can be made ({error.strerror}); run as root") from error
    try:
        yield directory
    finally:
        directory.rmdir()


def _remove_abandoned() -> None:
    """What a killed run left."""
    for path in _NAMESPACES.glob(f"{_PREFIX}*"):
        if _ownerless(path):
            _ip("netns", "delete", path.name)
    for path in root_cgroup().glob(f"{_PREFIX}*"):
        if _ownerless(path):
            path.rmdir()


def _ownerless(path: Path) -> bool:
    return not Path("/proc", path.name.removeprefix(_PREFIX).split("-")[0]).exists()


def _ip(*words: str, text: str | None = None) -> str:
    try:
        done = subprocess.run(["ip", *words], input=text, capture_output=True, text=True, check=True, env=_ENVIRONMENT)
    except FileNotFoundError as error:
        raise Unavailable("network namespaces need `ip`: apt-get install iproute2") from error
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"`ip {' '.join(words)}` failed: {error.stderr.strip()}; run as root") from error
    return done.stdout
