"""The TCP sockets of one network namespace: who listens and what is open, without a search where there is nothing.

The kernel looks through the sockets of the whole node for each list that it makes, 80 ns for each of another
namespace's: 100 idle pods beside 100,000 sockets would cost 1.6 s of a core. Its count of the sockets in use, which
it keeps for each namespace, says for which address families there is anything but listeners.
"""

import os
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from collector.netns import Netns, current_cookie, entered
from collector.sock_diag import FAMILIES, LISTENING, OPEN, TcpSocket, diag_socket, tcp_sockets

_COUNTS: Final = ("/proc/thread-self/net/sockstat", "/proc/thread-self/net/sockstat6")
_IN_USE: Final = re.compile(rb"^TCP6?: inuse (\d+)", re.MULTILINE)
_COUNTS_BYTES: Final = 4096


class NamespaceSockets:
    """The sockets of a network namespace, wherever the calling thread is."""

    def __init__(self, asked: socket.socket, counts: Sequence[int]) -> None:
        """Lists those that listen.

        Args:
            asked: As `sock_diag.diag_socket` opened it within the namespace.
            counts: Descriptors of the files `_COUNTS`, opened within it too; -1 stands for one that is not there.
        """
        self._asked, self._counts = asked, counts
        self._before = self._in_use()
        self._listening = [list(tcp_sockets(asked, LISTENING, family)) for family in FAMILIES]

    @property
    def listening(self) -> list[TcpSocket]:
        """All listeners."""
        return [one for of_family in self._listening for one in of_family]

    def open(self) -> Iterator[TcpSocket]:
        """All connections in one of the states `sock_diag.OPEN`; raises as `sock_diag.tcp_sockets`."""
        for family, listening, before, after in zip(
            FAMILIES, self._listening, self._before, self._in_use(), strict=True
        ):
            # equal before and after: no listener that came or went meanwhile hides a connection
            if not before == len(listening) == after:
                yield from tcp_sockets(self._asked, OPEN, family)

    def _in_use(self) -> list[int]:
        return [_count(descriptor) for descriptor in self._counts]


def _opened(path: str, resources: ExitStack) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # no IPv6, or a procfs that does not show it
        return -1
    resources.callback(os.close, descriptor)
    return descriptor


def _count(descriptor: int) -> int:
    """The sockets in use, bound listeners included; -1, which no number of listeners equals, if that is not told."""
    if descriptor < 0:
        return -1
    found = _IN_USE.search(os.pread(descriptor, _COUNTS_BYTES, 0))
    return int(found.group(1)) if found else -1


@contextmanager
def sockets_of(namespace: Netns) -> Iterator[NamespaceSockets]:
    """The sockets of a namespace, to be asked for within the block.

    Raises:
        OSError: As `netns.entered` and `sock_diag.tcp_sockets`; ProcessLookupError if the path leads elsewhere by now.
        BadRecord: The kernel's answer cannot be read.
    """
    with ExitStack() as resources:
        with entered(namespace.path):
            if current_cookie() != namespace.cookie:
                raise ProcessLookupError(f"{namespace.path} leads elsewhere by now")
            asked = resources.enter_context(diag_socket())
            counts = [_opened(path, resources) for path in _COUNTS]
        yield NamespaceSockets(asked, counts)
