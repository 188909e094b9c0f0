"""Looks at what a machine has of what collecting needs, and says what to do about what is missing."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from collector import headers, link, probe, trials
from schemas.errors import KernelUnavailable

_CAPABILITIES: Final = {"NET_ADMIN": 12, "SYS_PTRACE": 19, "SYS_ADMIN": 21, "PERFMON": 38, "BPF": 39}
_INSTEAD: Final = frozenset({"BPF", "NET_ADMIN", "PERFMON"})
"""CAP_SYS_ADMIN stands in for them where eBPF is concerned (capabilities(7))."""
_PROC: Final = Path("/proc")
_NODE_PID_NAMESPACE: Final = 0xEFFFFFFC
"""PROC_PID_INIT_INO, the same on every machine."""
_MERGED: Final = "mount an emptyDir at /tmp, or set BCC_KERNEL_SOURCE to a tree that is merged already"
_REFUSED: Final = (
    "refused although the capabilities are there: give the pod a seccomp profile that allows bpf, and hostUsers; "
    "see docs/how-to/privileges.md"
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that collecting needs.

    Attributes:
        name: What is looked at.
        ok: Whether it is there.
        found: What was found, in words.
        advice: What to do if it is not there, one line.
    """

    name: str
    ok: bool
    found: str
    advice: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that can only be told by trying it.

    Attributes:
        name: What is looked at.
        attempt: Raises OSError as the kernel says.
        advice: What to do if the kernel lacks it, one line.
    """

    name: str
    attempt: Callable[[], None]
    advice: str


def checks() -> tuple[Check, ...]:
    """Everything without which nothing is collected, in the order in which one would put it right."""
    cookie = Trial("network namespace cookie in sock_ops", trials.namespace_cookie, "use Linux 5.15 or newer")
    hold = Trial("BPF links", trials.links, "use Linux 5.7 or newer")
    notes = Trial("cgroup hook for new sockets", trials.socket_notes, "use Linux 5.15 or newer")
    return (*_kernel_has(cookie, hold, notes), _cgroup(), _bcc(), _headers())


def udp_checks() -> tuple[Check, ...]:
    """What UDP needs beyond that."""
    return _kernel_has(Trial("cgroup hooks for UDP", trials.packets, "use Linux 5.15 or newer"))


def older_checks() -> tuple[Check, ...]:
    """What connections older than the collector need."""
    return (*_every_namespace(), tried(Trial("socket lists", trials.all_socket_lists, "modprobe tcp_diag udp_diag")))


def pod_checks() -> tuple[Check, ...]:
    """What the way from a network namespace to its pod needs."""
    return (*_every_namespace(), _node_cgroup())


def host_network_checks() -> tuple[Check, ...]:
    """What the way from a socket of the node's own namespace to its pod needs."""
    return (_node_network(), _node_processes(), _node_cgroup())


def require(found: Iterable[Check], cgroup: Path | None = None) -> Path:
    """The cgroup to watch; raises UsageError if it is none, KernelUnavailable with the advice of a failed check."""
    given = None if cgroup is None else link.given_cgroup(cgroup)
    for check in found:
        if not check.ok:
            raise KernelUnavailable(f"{check.name}: {check.found}. {check.advice} (`network-policy doctor` tells all)")
    return link.root_cgroup() if given is None else given


def privileges(status: str, *needed: str) -> Check:
    """Root, or the capabilities that are needed (capabilities(7)).

    Args:
        status: The text of /proc/self/status.
        needed: Names of capabilities, without CAP_.
    """
    (effective,) = (int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:"))
    has = {name for name, bit in _CAPABILITIES.items() if effective >> bit & 1}
    if "SYS_ADMIN" in has:
        has |= _INSTEAD
    missing = [f"CAP_{name}" for name in needed if name not in has]
    found = f"{' and '.join(missing)} missing" if missing else "sufficient"
    return Check("privileges", not missing, found, f"run as root, or with {_listed(needed)}")


def _listed(names: Iterable[str]) -> str:
    return " and ".join(f"CAP_{name}" for name in names)


def _status() -> str:
    return (_PROC / "self/status").read_text()


def _cgroup() -> Check:
    mount = link.cgroup2_mount((_PROC / "self/mountinfo").read_text())
    return Check("cgroup2", mount is not None, str(mount or "not mounted"), link.MOUNT_ADVICE)


def _node_cgroup() -> Check:
    mounts = link.cgroup2_mounts((_PROC / "self/mountinfo").read_text())
    return node_cgroup(mounts)


def node_cgroup(mounts: Iterable[Path]) -> Check:
    """Whether one of the mounts shows the node's whole hierarchy, or all show a container's own part of it."""
    whole = next((mount for mount in mounts if link.is_whole(mount)), None)
    found = str(whole or "only this container's own part is mounted")
    return Check("the node's cgroups", whole is not None, found, "mount the host's /sys/fs/cgroup at /sys/fs/cgroup")


def tried(trial: Trial) -> Check:
    """Whether an attempt succeeds; if not, whether for want of the feature or because it is refused."""
    try:
        trial.attempt()
    except OSError as error:
        if error.errno == errno.EPERM:
            return Check(trial.name, ok=False, found="refused", advice=_REFUSED)
        found = f"the kernel ({os.uname().release}) lacks it ({error.strerror})"
        return Check(trial.name, ok=False, found=found, advice=trial.advice)
    return Check(trial.name, ok=True, found="there", advice=trial.advice)


def _kernel_has(*wanted: Trial) -> tuple[Check, ...]:
    """Without the privileges nothing can be told."""
    allowed = privileges(_status(), "BPF", "NET_ADMIN")
    return (allowed, *map(tried, wanted)) if allowed.ok else (allowed,)


def _bcc() -> Check:
    there = find_spec("bcc") is not None
    return Check("bcc", there, "importable" if there else "not importable", probe.ADVICE)


def _headers() -> Check:
    found = headers.find(os.environ)
    where = "none found" if found is None else ", ".join(str(tree) for tree in found.trees)
    if found is not None and len(found.trees) > 1 and not _writable_directory():
        return Check("kernel headers", ok=False, found=f"no writable directory to merge {where} in", advice=_MERGED)
    return Check("kernel headers", found is not None, where, headers.ADVICE)


def _writable_directory() -> bool:
    try:
        tempfile.TemporaryFile().close()
    except OSError:
        return False
    return True


def _every_namespace() -> tuple[Check, ...]:
    return (privileges(_status(), "SYS_ADMIN", "SYS_PTRACE"), _node_processes())


def _node_processes() -> Check:
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


def _node_network() -> Check:
    try:
        first = (_PROC / "1/ns/net").stat().st_ino
    except OSError:
        first = None
    return node_network(_status(), (_PROC / "thread-self/ns/net").stat().st_ino, first)


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
