"""Looks at what a machine has of what collecting needs, and says what to do about what is missing."""

import os
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from collector import headers, link, probe, trials
from collector.check import Check, Trial, own_status, privileges, tried
from collector.surroundings import namespaces, own_cgroups, own_network, own_processes
from schemas.errors import KernelUnavailable

_MOUNTS: Final = Path("/proc/self/mountinfo")
_MERGED: Final = "mount an emptyDir at /tmp, or set BCC_KERNEL_SOURCE to a tree that is merged already"


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
    return (*namespaces(), tried(Trial("socket lists", trials.all_socket_lists, "modprobe tcp_diag udp_diag")))


def pod_checks() -> tuple[Check, ...]:
    """What the way from a network namespace to its pod needs."""
    return (*namespaces(), own_cgroups())


def host_network_checks() -> tuple[Check, ...]:
    """What the way from a socket of the node's own namespace to its pod needs."""
    return (own_network(), own_processes(), own_cgroups())


def require(found: Iterable[Check], cgroup: Path | None = None) -> Path:
    """The cgroup to watch; raises UsageError if it is none, KernelUnavailable with the advice of a failed check."""
    given = None if cgroup is None else link.given_cgroup(cgroup)
    for check in found:
        if not check.ok:
            raise KernelUnavailable(f"{check.name}: {check.found}. {check.advice} (`network-policy doctor` tells all)")
    return link.root_cgroup() if given is None else given


def _kernel_has(*wanted: Trial) -> tuple[Check, ...]:
    """Without the privileges nothing can be told."""
    allowed = privileges(own_status(), "BPF", "NET_ADMIN")
    return (allowed, *map(tried, wanted)) if allowed.ok else (allowed,)


def _cgroup() -> Check:
    mount = link.cgroup2_mount(_MOUNTS.read_text())
    return Check("cgroup2", mount is not None, str(mount or "not mounted"), link.MOUNT_ADVICE)


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
