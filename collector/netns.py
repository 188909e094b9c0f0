"""The network namespaces of the node: finding them, entering one for a moment, and their cookies.

No descriptor of a foreign namespace is kept: it would hold the namespace, and its veth devices, beyond its pod's end.
"""

import ctypes
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SO_NETNS_COOKIE: Final = 71
"""include/uapi/asm-generic/socket.h; Linux 5.14."""
GONE: Final = (FileNotFoundError, ProcessLookupError)
"""What opening or reading a file of a process raises once the process has ended."""

_CLONE_NEWNET: Final = 0x40000000
_CANNOT_RETURN: Final = 3
_PROC: Final = Path("/proc")
_NAMED: Final = (Path("/proc/1/root/run/netns"), Path("/run/netns"))
_libc: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Netns:
    """A network namespace that existed a moment ago.

    Attributes:
        inode: Its number in nsfs. The kernel gives it to another namespace once this one has ended.
        cookie: The kernel's own number of it, never used again.
        path: A file that led to it: /proc/PID/ns/net, or one below /run/netns. It may lead elsewhere by now: whoever
            enters by it compares `current_cookie()`.
    """

    inode: int
    cookie: int
    path: Path


@contextmanager
def entered(path: Path) -> Iterator[None]:
    """The calling thread is in the namespace for the time of the block, and certainly not after it.

    A thread that cannot go back ends the process with exit code 3: all that it did later would be said of the wrong
    namespace.

    Args:
        path: A file of nsfs. Entering needs CAP_SYS_ADMIN, opening that of a process CAP_SYS_PTRACE (setns(2)).

    Raises:
        OSError: It is gone, is no network namespace, or a capability is missing; the thread is where it was.
    """
    with _opened(path) as there, _inside(there):
        yield


def current_cookie() -> int:
    """The cookie of the calling thread's namespace; raises OSError before Linux 5.14."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asking:  # of no address family that is watched
        return int.from_bytes(asking.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8), sys.byteorder)


def look(path: Path) -> Netns:
    """The namespace that the file leads to now; raises OSError as `entered` does."""
    with _opened(path) as there, _inside(there):
        return Netns(os.fstat(there).st_ino, current_cookie(), path)


def inode_of(link: str) -> int:
    """The namespace's number, from a link of /proc/PID/ns such as `net:[4026531840]`; raises OSError."""
    return int(os.readlink(link)[5:-1])  # noqa: PTH115  called for every process of the node


def node_namespace(proc: Path = _PROC, enter: Callable[[Path], Netns] = look) -> Netns:
    """The node's own: that of its first process, or the calling thread's where that may not be read or entered.

    Args:
        proc: Where procfs of the node is.
        enter: As `look`.
    """
    try:
        return enter(Path(_link(proc, "1")))
    except OSError:
        own = _link(_PROC, "thread-self")
        return Netns(inode_of(own), current_cookie(), Path(own))


def all_namespaces(proc: Path = _PROC, named: Iterable[Path] = _NAMED) -> tuple[tuple[Netns, ...], int]:
    """Every namespace that a process is in or that has a name, once each, and how many could not be looked into.

    Each is entered anew, which costs no more than telling whether an earlier answer still holds (13 us against 11 us
    for the start time of the process that led to it), and cannot be misled by an inode number that was given again.
    A namespace that only a thread other than a process's first is in, and that has no name, is not found.

    Args:
        proc: Where procfs of the node is.
        named: Directories of named namespaces; one that is not there or may not be read has none.
    """
    found: dict[int, Netns] = {}
    failed: set[object] = set()
    for path, inode in (*_of_processes(proc), *_of_names(proc, named)):
        if inode is None:
            failed.add(path)
        elif inode not in found:
            _add(found, failed, Path(path), inode)
    return tuple(found.values()), len(failed - found.keys())


def _add(found: dict[int, Netns], failed: set[object], path: Path, inode: int) -> None:
    try:
        namespace = look(path)
    except GONE:
        return  # the next process of the same namespace leads to it; without one it has ended
    except OSError:
        failed.add(inode)
        return
    found.setdefault(namespace.inode, namespace)


def _of_processes(proc: Path) -> Iterator[tuple[str, int | None]]:
    yield (own := _link(proc, "thread-self")), inode_of(own)
    others = {name for name in os.listdir(proc) if name.isdecimal()}  # noqa: PTH208  2,000 names, no Path for each
    others.discard(str(os.getpid()))  # another of its threads may be on a visit
    for path in (_link(proc, name) for name in others):
        try:
            yield path, inode_of(path)
        except GONE:
            continue
        except OSError:
            if path != _link(proc, "1"):  # taken to be where the caller is, see `node_namespace`
                yield path, None


def _link(proc: Path, process: str) -> str:
    return f"{proc}/{process}/ns/net"


def _of_names(proc: Path, named: Iterable[Path]) -> Iterator[tuple[str, int]]:
    device = Path(_link(proc, "thread-self")).stat().st_dev
    for directory in named:
        for path in _files(directory):
            status = _status(path)
            # a file of another device waits for a namespace to be mounted on it, or the mount is not visible here
            if status is not None and status.st_dev == device:
                yield str(path), status.st_ino


def _files(directory: Path) -> tuple[Path, ...]:
    try:
        return tuple(directory.iterdir())
    except OSError:
        return ()


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _inside(there: int) -> Iterator[None]:
    with _opened(Path("/proc/thread-self/ns/net")) as home:
        if _libc.setns(there, _CLONE_NEWNET):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        try:
            yield
        finally:
            if _libc.setns(home, _CLONE_NEWNET):
                os.write(2, b"a thread cannot return to its network namespace: the process ends\n")
                os._exit(_CANNOT_RETURN)
