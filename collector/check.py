"""One look at one thing that collecting needs, and the two ways to look: at privileges, and by trying."""

import errno
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CAPABILITIES: Final = {"NET_ADMIN": 12, "SYS_PTRACE": 19, "SYS_ADMIN": 21, "BPF": 39}
_INSTEAD: Final = frozenset({"BPF", "NET_ADMIN"})
"""CAP_SYS_ADMIN stands in for them where eBPF is concerned (capabilities(7))."""
_REFUSED: Final = (
    "the capabilities are there, so give the pod a seccomp profile that allows bpf, and no user namespace of its own; "
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


def own_status() -> str:
    """This process's text for `privileges`."""
    return Path("/proc/self/status").read_text()
