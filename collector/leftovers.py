"""Clears what an older version may have left on the node, or one that was killed; never what is in use or another's."""

import errno
import logging
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector import syscall
from collector.headers import MERGED_PREFIX

LOG: Final = logging.getLogger(__name__)
_PROC: Final = Path("/proc")
_PREFIX: Final = b"netpol_"
_OLDER: Final = (syscall.SOCK_OPS_PROGRAM, b"tcp_edges")
"""The type and name that the program had before all names got the prefix."""
_HOOKS: Final = (
    syscall.INGRESS_ATTACH,
    syscall.EGRESS_ATTACH,
    syscall.SOCK_CREATE_ATTACH,
    syscall.SOCK_OPS_ATTACH,
    syscall.BIND4_ATTACH,
    syscall.BIND6_ATTACH,
)
_ENDED: Final = (FileNotFoundError, ProcessLookupError)
"""What reading of a process raises that has ended, or closed the descriptor, meanwhile."""
_ABANDONED_S: Final = 600.0
"""Compiling ends after two minutes; headers that are older serve nobody."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A program of ours that is attached to a cgroup without a link, so that it outlives its owner.

    Attributes:
        number: The kernel's id of the program.
        name: Its name.
        hook: The attach type.
    """

    number: int
    name: str
    hook: int


def clear(cgroup: Path) -> tuple[str, ...]:
    """Detach programs and delete header directories that nobody needs; a sentence for each, for the caller to log.

    What may not be looked into stays; why is logged here.

    Args:
        cgroup: The cgroup about to be watched; programs are looked for on it alone.
    """
    return (*programs(cgroup), *(one for parent in _temporary() for one in header_directories(parent, time.time())))


def _temporary() -> Iterator[Path]:
    try:
        yield Path(tempfile.gettempdir())
    except FileNotFoundError:  # nothing can be written, so nothing was
        return


def programs(cgroup: Path) -> tuple[str, ...]:
    """Detach the programs of ours that no link and no process holds; a sentence for each."""
    try:
        with _opened(cgroup) as directory:
            return tuple(_detached(cgroup, directory))
    except OSError as error:
        reason = "CAP_SYS_ADMIN is needed" if error.errno == errno.EPERM else error.strerror
        LOG.info("programs that an older version may have left on %s are not looked for: %s", cgroup, reason)
        return ()


@contextmanager
def _opened(cgroup: Path) -> Iterator[int]:
    directory = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield directory
    finally:
        os.close(directory)


def _detached(cgroup: Path, directory: int) -> Iterator[str]:
    linked = syscall.linked_programs()
    for found in _ours(directory):
        if found.number in linked:
            continue
        holder = holder_of(found.number)
        if holder is None:
            _detach(found, directory)
            yield f"detached the program {found.name} (id {found.number}) from {cgroup}: its collector is gone"
        else:
            LOG.info("the program %s (id %d) on %s stays: %s", found.name, found.number, cgroup, holder)


def _ours(directory: int) -> Iterator[Attached]:
    for hook in _HOOKS:
        for number in syscall.program_ids(directory, hook):
            kind, name = _identity(number)
            if name.startswith(_PREFIX) or (kind, name) == _OLDER:
                yield Attached(number, name.decode(errors="replace"), hook)


def _identity(number: int) -> tuple[int, bytes]:
    try:
        with _program(number) as program:
            return syscall.program_identity(program)
    except FileNotFoundError:  # it has been detached meanwhile
        return 0, b""


@contextmanager
def _program(number: int) -> Iterator[int]:
    program = syscall.program_by_id(number)
    try:
        yield program
    finally:
        os.close(program)


def _detach(found: Attached, directory: int) -> None:
    with _program(found.number) as program:
        syscall.program_detach(program, directory, found.hook)


def holder_of(number: int, proc: Path = _PROC) -> str | None:
    """Who has a program open, or might have, in words; None if no process has.

    Args:
        number: The kernel's id of the program.
        proc: Where processes are looked for.
    """
    mark = f"prog_id:\t{number}\n"
    for process in proc.glob("[0-9]*"):
        try:
            if any(mark in text for text in _descriptors(process)):
                return f"process {process.name} has it"
        except PermissionError:
            if _may_be_ours(process):
                return f"process {process.name} may have it, and looking needs CAP_SYS_PTRACE"
        except _ENDED:
            continue
    return None


def _may_be_ours(process: Path) -> bool:
    """A collector is a Python program; what runs is told to everybody, what it has open is not."""
    try:
        return b"python" in (process / "cmdline").read_bytes()
    except _ENDED:
        return False


def _descriptors(process: Path) -> Iterator[str]:
    for descriptor in os.listdir(process / "fdinfo"):  # noqa: PTH208  a Path for each descriptor of the node costs more
        try:
            yield (process / "fdinfo" / descriptor).read_text(errors="replace")
        except _ENDED:
            continue


def header_directories(parent: Path, now: float) -> tuple[str, ...]:
    """Delete merged kernel headers that a killed compilation left; a sentence for each.

    Args:
        parent: Where temporary directories are made.
        now: Seconds of UTC.
    """
    return tuple(_deleted(_abandoned(parent, now)))


def _abandoned(parent: Path, now: float) -> Iterator[Path]:
    for path in sorted(parent.glob(f"{MERGED_PREFIX}*")):
        try:
            state = path.lstat()
        except FileNotFoundError:
            continue
        ours = stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid()
        if ours and now - state.st_mtime > _ABANDONED_S:
            yield path


def _deleted(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        try:
            shutil.rmtree(path)
        except OSError as error:
            LOG.info("the abandoned headers %s stay: %s", path, error.strerror)
        else:
            yield f"deleted {path}: headers that a killed compilation left"
