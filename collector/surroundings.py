"""Whether a container sees the node around it: its processes, its cgroups, its network."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from collector import link
from collector.check import Check, own_status, privileges

_PROC: Final = Path("/proc")
_NODE_PID_NAMESPACE: Final = 0xEFFFFFFC
"""PROC_PID_INIT_INO, the same on every machine."""
_CONFINED: Final = "set appArmorProfile: {type: Unconfined} in the container's securityContext"


def namespaces() -> tuple[Check, ...]:
    """Whether other network namespaces can be found and entered."""
    allowed = privileges(own_status(), "SYS_ADMIN", "SYS_PTRACE")
    return (allowed, own_processes(), *((process_namespaces(_PROC),) if allowed.ok else ()))


def own_processes() -> Check:
    """`node_processes` of this process."""
    own, first = ((_PROC / who / "cgroup").read_text() for who in ("self", "1"))
    return node_processes((_PROC / "self/ns/pid").stat().st_ino, own, first)


def node_processes(pid_namespace: int, own: str, first: str) -> Check:
    """Whether /proc shows the node's processes: process 1 then belongs to another container than this process.

    Args:
        pid_namespace: Inode number of this process's namespace of process ids.
        own: The cgroups of this process, the text of /proc/self/cgroup.
        first: Those of process 1. A node may be a container itself, so the namespace's number alone does not tell.
    """
    there = pid_namespace == _NODE_PID_NAMESPACE or own != first
    found = "in /proc" if there else "/proc shows this container only"
    return Check("the node's processes", there, found, "set hostPID: true in the pod's specification")


def process_namespaces(proc: Path) -> Check:
    """Whether most processes' namespaces may be looked at: AppArmor may refuse what capabilities allow.

    Docker's and containerd's default profile allows only processes of the same profile
    (https://github.com/containerd/containerd/issues/2679).
    """
    answers = Counter(filter(None, (_namespace_of(process) for process in proc.glob("[0-9]*"))))
    refused, looked = answers["refused"], answers.total()
    found = f"{refused} of {looked} processes' may not be looked at" if refused else "may be looked at"
    return Check("namespaces of processes", 2 * refused <= looked, found, _CONFINED)


def _namespace_of(process: Path) -> str:
    try:
        (process / "ns/net").readlink()
    except PermissionError:
        return "refused"
    except OSError:
        return ""  # ended meanwhile
    return "seen"


def own_cgroups() -> Check:
    """`node_cgroup` of this process."""
    mounts = link.cgroup2_mounts((_PROC / "self/mountinfo").read_text())
    return node_cgroup(mounts)


def node_cgroup(mounts: Iterable[Path]) -> Check:
    """Whether one of the mounts shows the node's whole hierarchy, or all show a container's own part of it."""
    whole = next((mount for mount in mounts if link.is_whole(mount)), None)
    found = str(whole or "only this container's own part is mounted, so no other sockets are seen at all")
    return Check("the node's cgroups", whole is not None, found, "mount the host's /sys/fs/cgroup at /sys/fs/cgroup")


def own_network() -> Check:
    """`node_network` of this process."""
    try:
        first = (_PROC / "1/ns/net").stat().st_ino
    except OSError:
        first = None
    return node_network(own_status(), (_PROC / "thread-self/ns/net").stat().st_ino, first)


def node_network(status: str, own: int, first: int | None) -> Check:
    """Whether the node's own network namespace can be told from a pod's.

    Args:
        status: The text of /proc/self/status.
        own: Inode number of this process's network namespace.
        first: That of process 1; None if it may not be looked at, which some machines forbid to everybody: then the
            collector takes its own namespace for the node's.
    """
    enter = () if first in (own, None) else ("SYS_ADMIN",)
    return privileges(status, "SYS_PTRACE", *enter)
