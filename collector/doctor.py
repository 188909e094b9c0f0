"""What this machine lacks for collecting, and what to do about it."""

import errno
import os
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from collector import headers, link, probe, syscall
from schemas.errors import KernelUnavailable

_TCP: Final = "collect: TCP connections"
_CAPABILITIES: Final = {"NET_ADMIN": 12, "SYS_ADMIN": 21, "BPF": 39}
_STATUS: Final = Path("/proc/self/status")
_MOUNTS: Final = Path("/proc/self/mountinfo")
_NO_DESCRIPTOR: Final = 0xFFFFFFFF

# call bpf_get_netns_cookie (122); r0 = 1; exit
_COOKIE_PROGRAM: Final = (
    struct.pack("=BBhi", 0x85, 0, 0, 122) + struct.pack("=BBhi", 0xB7, 0, 0, 1) + b"\x95" + bytes(7)
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that collecting needs.

    Attributes:
        name: What is looked at.
        ok: Whether it is there.
        found: What was found, in words.
        advice: What to do if it is not there, one line.
        required_for: What does not work without it.
    """

    name: str
    ok: bool
    found: str
    advice: str
    required_for: str = _TCP


def checks() -> tuple[Check, ...]:
    """Everything the collector needs of this machine, in the order in which one would put it right."""
    return (
        privileges(_STATUS.read_text()),
        _cgroup(),
        _cookie(),
        _links(),
        _bcc(),
        _headers(),
    )


def require(found: Iterable[Check], cgroup: Path | None = None) -> Path:
    """The cgroup to watch; raises UsageError if it is none, KernelUnavailable with the advice of a failed check."""
    given = None if cgroup is None else link.given_cgroup(cgroup)
    for check in found:
        if not check.ok:
            raise KernelUnavailable(f"{check.name}: {check.found}. {check.advice} (`network-policy doctor` tells all)")
    return link.root_cgroup() if given is None else given


def privileges(status: str) -> Check:
    """Root, or the capabilities that stand in for it (capabilities(7)).

    Args:
        status: The text of /proc/self/status.
    """
    (effective,) = (int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:"))
    has = {name for name, bit in _CAPABILITIES.items() if effective >> bit & 1}
    missing = [f"CAP_{name}" for name in ("BPF", "NET_ADMIN") if not {name, "SYS_ADMIN"} & has]
    found = f"{' and '.join(missing)} missing" if missing else "sufficient"
    return Check("privileges", not missing, found, "run as root, or with CAP_BPF and CAP_NET_ADMIN")


def _cgroup() -> Check:
    mount = link.cgroup2_mount(_MOUNTS.read_text())
    return Check("cgroup2", mount is not None, str(mount or "not mounted"), link.MOUNT_ADVICE)


def _kernel_feature(name: str, absent: int, attempt: Callable[[], int], advice: str) -> Check:
    try:
        os.close(attempt())
    except OSError as error:
        if error.errno == errno.EPERM:
            return Check(name, ok=False, found="cannot be told without privileges", advice="run as root")
        if error.errno in (absent, errno.ENOSYS):
            return Check(name, ok=False, found=f"the kernel ({os.uname().release}) lacks it", advice=advice)
    return Check(name, ok=True, found="there", advice=advice)


def _cookie() -> Check:
    return _kernel_feature(
        "network namespace cookie in sock_ops",
        errno.EINVAL,
        lambda: syscall.program_load(syscall.SOCK_OPS_PROGRAM, _COOKIE_PROGRAM),
        "use Linux 5.15 or newer",
    )


def _links() -> Check:
    return _kernel_feature(
        "BPF links",
        errno.EINVAL,
        lambda: syscall.link_create(_NO_DESCRIPTOR, 0, syscall.SOCK_OPS_ATTACH),
        "use Linux 5.7 or newer",
    )


def _bcc() -> Check:
    there = find_spec("bcc") is not None
    return Check("bcc", there, "importable" if there else "not importable", probe.ADVICE)


def _headers() -> Check:
    found = headers.find(os.environ)
    where = "none found" if found is None else ", ".join(str(tree) for tree in found.trees)
    return Check("kernel headers", found is not None, where, headers.ADVICE)
