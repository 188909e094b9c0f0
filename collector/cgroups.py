"""The tree of control groups: which pod a path belongs to, where the pods stand, and what is below one."""

import errno
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_UID: Final = r"[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32}"
"""A pod's UID (systemd has underscores for hyphens), or the hash that a static pod has instead."""
_QOS: Final = "burstable|besteffort"
_POD: Final = re.compile(
    # cgroupfs driver: [CGROUP_ROOT/]kubepods[/QOS]/podUID
    rf"(?:^|/)kubepods(?:/(?:{_QOS}))?/pod(?P<plain>{_UID})(?=/|$)"
    # systemd driver: every slice repeats those above it; where the runtime was told another driver than the kubelet,
    # a container's directory has the name SLICE:RUNTIME:CONTAINER, wherever the runtime stands
    rf"|(?:^|/)(?:[^/]+-)?kubepods(?:-(?:{_QOS}))?-pod(?P<slice>{_UID})\.slice(?=[/:]|$)"
)
_ROOT: Final = re.compile(r"kubepods|(?:.+-)?kubepods\.slice")
_LEVEL: Final = re.compile(rf"{_QOS}|(?:.+-)?kubepods-(?:{_QOS})\.slice")
_SEARCHED_LEVELS: Final = 5
"""Enough for a node in a container: system.slice/docker-ID.scope/kubelet.slice/kubelet-kubepods.slice."""
_LEAF_LINKS: Final = 2
_MOST_GROUPS: Final = 1024
_NOT_THERE: Final = {errno.ENOENT, errno.ENODEV, errno.ENOTDIR}
_THREADED: Final = errno.EOPNOTSUPP
"""A threaded group does not tell its processes; the group above it that is not threaded does (cgroups(7))."""


@dataclass(frozen=True, slots=True)
class Group:
    """One control group.

    Attributes:
        id: The number of its directory, which in cgroup2 is what the kernel calls the cgroup's id.
        path: Its directory.
        processes: Process ids as the reader sees them; 0 stands for those of a PID namespace out of its sight.
    """

    id: int
    path: str
    processes: frozenset[int]


def pod_uid(path: str) -> str:
    """The UID of the pod that a control group belongs to, as the API server writes it; "" if to none.

    Of a cluster within a pod of another, the outer pod counts: it is the one that this node's kubelet runs. A static
    pod has a hash of 32 hexadecimal digits instead, which its mirror has as annotation `kubernetes.io/config.hash`.

    Args:
        path: As in /proc/PID/cgroup, or a directory below the mount.
    """
    match = _POD.search(path)
    if match is None:
        return ""
    return match["plain"] or match["slice"].replace("_", "-")


def pod_uid_of_process(text: str) -> str:
    """The pod of a process; "" if it is in none, or its hierarchies do not agree.

    Args:
        text: Of /proc/PID/cgroup: a line HIERARCHY:CONTROLLERS:PATH for cgroup2 and each hierarchy of version 1.
    """
    uids = {uid for line in text.splitlines() if (uid := pod_uid(line.split(":", 2)[-1]))}
    return uids.pop() if len(uids) == 1 else ""


def version1_mounts(mountinfo: str) -> tuple[str, ...]:
    """Where hierarchies of version 1 are mounted.

    Args:
        mountinfo: The text of /proc/self/mountinfo (proc_pid_mountinfo(5)).
    """
    lines = (line.partition(" - ") for line in mountinfo.splitlines())
    return tuple(
        left.split()[4].encode().decode("unicode_escape") for left, _, right in lines if right.startswith("cgroup ")
    )


@dataclass(frozen=True, slots=True)
class _Listing:
    names: list[str]
    pods: Mapping[str, tuple[str, ...]]
    levels: tuple[str, ...]


def _listing(parent: str, names: list[str]) -> _Listing:
    pods: dict[str, tuple[str, ...]] = {}
    paths = [f"{parent}/{name}" for name in names]
    for path in paths:
        if uid := pod_uid(path):
            pods[uid] = (*pods.get(uid, ()), path)
    levels = (path for name, path in zip(names, paths, strict=True) if _LEVEL.fullmatch(name))
    return _Listing(names, pods, tuple(levels))


class Tree:
    """Reads control groups; what ends meanwhile is not there, what may not be read is counted.

    Attributes:
        failed: Directories and lists of processes that could not be read.
    """

    def __init__(self) -> None:
        self.failed = 0
        self._listings: dict[str, _Listing] = {}

    def parents(self, root: str, levels: int = _SEARCHED_LEVELS) -> Iterator[str]:
        """The directories in which pods stand, and those in which they would."""
        children = self._children(root)
        others = [path for path, _ in children if not pod_uid(path)]
        if _ROOT.fullmatch(Path(root).name):
            yield root
            return
        if len(others) < len(children):
            yield root
        for path in others if levels else ():
            yield from self.parents(path, levels - 1)

    def pods(self, parent: str) -> Mapping[str, tuple[str, ...]]:
        """The directories of the pods in one of `parents`, and on its levels of service quality, by UID."""
        names = self._names(parent)
        known = self._listings.get(parent)
        if known is None or known.names != names:
            known = self._listings[parent] = _listing(parent, names)
        found = known.pods
        for level in known.levels:
            found = {**found, **self.pods(level)}
        return found

    def groups(self, directory: str) -> tuple[Group, ...]:
        """The control group and those below it, so many at most that no pod can make the caller slow."""
        found: list[Group] = []
        waiting = [(directory, _inode(directory))]
        while waiting and len(found) < _MOST_GROUPS:
            path, inode = waiting.pop()
            found.append(Group(inode, path, self._processes(path)))
            waiting.extend(self._children(path))
        self.failed += len(waiting)
        return tuple(found)

    def holds(self, group: Group, process: int) -> bool:
        """Whether a process is in the group still."""
        return process in self._processes(group.path)

    def _children(self, directory: str) -> list[tuple[str, int]]:
        try:
            if os.stat(directory).st_nlink == _LEAF_LINKS:  # noqa: PTH116  a Path would cost as much as the call
                return []
            with os.scandir(directory) as entries:
                return [(entry.path, entry.inode()) for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError as error:
            self._count(error)
            return []

    def _names(self, directory: str) -> list[str]:
        try:
            return os.listdir(directory)  # noqa: PTH208  every second
        except OSError as error:
            self._count(error)
            return []

    def _processes(self, directory: str) -> frozenset[int]:
        try:
            with open(f"{directory}/cgroup.procs", "rb") as file:  # noqa: PTH123  for each container of a node
                return frozenset(map(int, file.read().split()))
        except OSError as error:
            self._count(error)
            return frozenset()

    def _count(self, error: OSError) -> None:
        self.failed += error.errno not in {*_NOT_THERE, _THREADED}


def links(directories: tuple[str, ...]) -> int:
    """A number that tells whether groups have come to or gone from these directories; 0 if one is not there."""
    try:
        return sum(os.stat(directory).st_nlink for directory in directories)  # noqa: PTH116  every second, every pod
    except OSError:
        return 0


def _inode(directory: str) -> int:
    try:
        return os.stat(directory).st_ino  # noqa: PTH116  see above
    except OSError:
        return 0
