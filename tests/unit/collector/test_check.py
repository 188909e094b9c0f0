"""What is missing is named: a privilege, a feature of the kernel, or its permission."""

import errno
import os

import pytest

from collector.check import Trial, privileges, tried

NET_ADMIN, SYS_PTRACE, SYS_ADMIN, BPF = (1 << bit for bit in (12, 19, 21, 39))


def _status(effective):
    return f"Name:\tx\nCapEff:\t{effective:016x}\n"


@pytest.mark.parametrize(
    ("effective", "ok"),
    [
        (0x1FFFFFFFFFF, True),
        (0, False),
        (BPF | NET_ADMIN, True),
        (BPF, False),
        (NET_ADMIN, False),
        (SYS_ADMIN, True),
    ],
    ids=["root", "nobody", "both capabilities", "BPF alone", "NET_ADMIN alone", "SYS_ADMIN alone"],
)
def test_privileges_are_root_or_the_capabilities(effective, ok):
    """CAP_BPF to load and CAP_NET_ADMIN to attach; CAP_SYS_ADMIN stands in for either."""
    assert privileges(_status(effective), "BPF", "NET_ADMIN").ok is ok


@pytest.mark.parametrize(("effective", "missing"), [(SYS_ADMIN, "CAP_SYS_PTRACE"), (SYS_PTRACE, "CAP_SYS_ADMIN")])
def test_nothing_stands_in_for_the_capabilities_of_processes(effective, missing):
    """To enter a namespace and to find it are two things."""
    assert privileges(_status(effective), "SYS_ADMIN", "SYS_PTRACE").found == f"{missing} missing"


def test_what_is_missing_is_named():
    """By the names that a pod's securityContext uses."""
    assert "CAP_BPF" in privileges(_status(NET_ADMIN), "BPF", "NET_ADMIN").found


def _refusing(number):
    def attempt():
        raise OSError(number, os.strerror(number))

    return tried(Trial("moon", attempt, "use a newer sky"))


def test_what_the_kernel_lacks_is_told_from_what_it_refuses():
    """The first needs another kernel, the second another seccomp profile."""
    lacking, refused = _refusing(errno.EINVAL), _refusing(errno.EPERM)
    assert (lacking.ok, lacking.advice) == (False, "use a newer sky")
    assert (refused.ok, refused.found) == (False, "refused")
    assert "seccomp" in refused.advice


def test_what_can_be_done_is_there():
    """The kernel itself is asked; the version's number decides nothing."""
    assert tried(Trial("moon", lambda: None, "use a newer sky")).ok
