"""Makes and removes the demo's network with `ip` and `nft`; needs root.

Only network namespaces that begin with PREFIX are ever removed, and the processes in them.
"""

import os
import signal
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from advisor.demo import plan
from advisor.demo.cluster import Cluster
from schemas.errors import Unavailable

_NAMESPACES: Final = Path("/run/netns")
_TIMEOUT_S: Final = 20.0
_PATH: Final = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
"""nft is an administrator's program: the PATH of a root shell made by `su` lacks it."""
_LOCK: Final = "\0network-policy-demo"
"""An abstract socket's name (unix(7)): held by one process, gone with it, and no file is left."""


@contextmanager
def only_one() -> Iterator[None]:
    """Keep other demos off this machine; raises Unavailable if one runs."""
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            lock.bind(_LOCK)
        except OSError as error:
            raise Unavailable("another demo runs on this machine; end it first, or wait until it has ended") from error
        yield


@contextmanager
def network(cluster: Cluster) -> Iterator[None]:
    """The cluster's network, without any process; leftovers of a killed demo are removed first.

    Raises:
        Unavailable: `ip` or `nft` is missing or refuses; its own words are in the text.
    """
    with only_one():
        remove()
        try:
            _make(cluster)
            yield
        finally:
            remove()


def remove() -> None:
    """Remove every network namespace of a demo, with the links and rules in it and the processes that are left."""
    names = leftovers()
    for pid in _processes(names):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _run(["ip", "-force", "-batch", "-"], [f"netns delete {name}" for name in names])


def leftovers() -> tuple[str, ...]:
    """The demo's network namespaces that exist."""
    return tuple(sorted(path.name for path in _NAMESPACES.glob(f"{plan.PREFIX}*")))


def inside(namespace: str, *command: str) -> tuple[str, ...]:
    """The command that runs a command in a network namespace."""
    return ("ip", "netns", "exec", namespace, *command)


def _make(cluster: Cluster) -> None:
    _run(["ip", "-batch", "-"], [f"netns add {name}" for name in plan.namespaces(cluster)])
    _run(["ip", "-n", plan.NODE_NAMESPACE, "-batch", "-"], plan.node_links(cluster))
    for host in plan.hosts(cluster):
        _run(["ip", "-n", host.namespace, "-batch", "-"], plan.host_links(host))
    # /proc/sys/net shows the settings of the reader's network namespace: the machine's own is not changed.
    _run(inside(plan.NODE_NAMESPACE, "sh", "-c", "cat > /proc/sys/net/ipv4/ip_forward"), ["1"])
    _run(inside(plan.NODE_NAMESPACE, "nft", "-f", "-"), [plan.ruleset(cluster)])


def _processes(names: Iterable[str]) -> Iterator[int]:
    for name in names:
        yield from (int(pid) for pid in _run(["ip", "netns", "pids", name], []).split())


def _run(command: Iterable[str], lines: Iterable[str]) -> str:
    words = list(command)
    text = "".join(f"{line}\n" for line in lines)
    try:
        done = subprocess.run(
            words, input=text, capture_output=True, text=True, check=True, timeout=_TIMEOUT_S, env=_PATH
        )
    except FileNotFoundError as error:
        raise Unavailable(f"the demo's network needs `{words[0]}`: apt-get install iproute2 nftables") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"`{' '.join(words)}` did not end within {_TIMEOUT_S:.0f} s") from error
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"`{' '.join(words)}` failed, so the demo has no network: {error.stderr.strip()}") from error
    return done.stdout
