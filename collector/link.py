"""Attaches programs to a cgroup2 by links, which the kernel takes away when their owner ends, however it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from collector.syscall import link_create
from schemas.errors import KernelUnavailable, UsageError

_MOUNTS: Final = Path("/proc/self/mountinfo")
MOUNT_ADVICE: Final = "mount -t cgroup2 none /sys/fs/cgroup/unified"


def cgroup2_mounts(mountinfo: str) -> tuple[Path, ...]:
    """Where cgroup2 is mounted: /sys/fs/cgroup, or /sys/fs/cgroup/unified on hybrid systems.

    Args:
        mountinfo: The text of /proc/self/mountinfo (proc_pid_mountinfo(5)): the fourth and fifth fields are the root
            within the file system and the mount point, the type follows a lone hyphen.
    """
    return tuple(_mount_points(mountinfo))


def _mount_points(mountinfo: str) -> Iterator[Path]:
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        before, after = left.split(), right.split()
        if after[:1] == ["cgroup2"] and len(before) > 4:  # noqa: PLR2004  the fifth field is the mount point
            yield Path(before[4].encode().decode("unicode_escape"))


def is_whole(cgroup: Path) -> bool:
    """Whether a directory is the root of all cgroups, not of a container's own: only the root has no cgroup.type."""
    return not (cgroup / "cgroup.type").exists()


def cgroup2_mount(mountinfo: str) -> Path | None:
    """The mount that shows all cgroups of the node, or the first if none does; see `cgroup2_mounts`."""
    mounts = cgroup2_mounts(mountinfo)
    return next(filter(is_whole, mounts), next(iter(mounts), None))


def root_cgroup() -> Path:
    """The root of the cgroup2 hierarchy; raises KernelUnavailable if none is mounted."""
    mount = cgroup2_mount(_MOUNTS.read_text())
    if mount is None:
        raise KernelUnavailable(f"no cgroup2 is mounted: {MOUNT_ADVICE}")
    return mount


def given_cgroup(path: Path) -> Path:
    """The directory itself; raises UsageError if it is not one of cgroup2, of which each has a cgroup.controllers."""
    if not (path / "cgroup.controllers").is_file():
        raise UsageError(f"--cgroup {path} is not a directory of cgroup2; leave it out to watch all of the node")
    return path


@contextmanager
def attached(program: int, cgroup: Path, attach_type: int) -> Iterator[int]:
    """Attach a program for the time of the block; other programs on the cgroup stay.

    Args:
        program: Its descriptor.
        cgroup: A directory of cgroup2.
        attach_type: As in `collector.syscall`.

    Raises:
        KernelUnavailable: The cgroup cannot be opened, or the kernel has no links (before 5.7) or refuses.
    """
    try:
        target = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise KernelUnavailable(f"the cgroup {cgroup} cannot be opened ({error.strerror})") from error
    try:
        link = link_create(program, target, attach_type)
    except OSError as error:
        raise KernelUnavailable(
            f"the kernel does not attach to {cgroup} by a link ({error.strerror}); it needs Linux 5.7 and CAP_NET_ADMIN"
        ) from error
    finally:
        os.close(target)
    try:
        yield link
    finally:
        os.close(link)
