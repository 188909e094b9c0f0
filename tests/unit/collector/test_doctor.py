"""What is missing is named, with one line of advice."""

import errno
import os
from types import SimpleNamespace

import pytest

from collector import doctor
from collector.doctor import Check, Trial, node_cgroup, node_network, node_processes, privileges, require, tried
from schemas.errors import KernelUnavailable, UsageError

NET_ADMIN, SYS_PTRACE, SYS_ADMIN, PERFMON, BPF = (1 << bit for bit in (12, 19, 21, 38, 39))


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


@pytest.mark.parametrize(
    ("namespace", "own", "first", "ok"),
    [
        (0xEFFFFFFC, "0::/\n", "0::/\n", True),
        (4026533000, "0::/../pod1/c1\n", "0::/init.scope\n", True),
        (4026533000, "0::/\n", "0::/\n", False),
    ],
    ids=["the node's namespace of process ids", "a node that is a container itself", "a container's own"],
)
def test_the_nodes_processes_are_seen_with_host_pid_only(namespace, own, first, ok):
    """Without hostPID, process 1 is of the collector's own container."""
    assert node_processes(namespace, own, first).ok is ok


@pytest.mark.parametrize(
    ("effective", "first", "missing"),
    [
        (0, 1, "CAP_SYS_PTRACE"),
        (SYS_PTRACE, 1, ""),
        (SYS_PTRACE, 2, "CAP_SYS_ADMIN"),
        (SYS_PTRACE | SYS_ADMIN, 2, ""),
        (0, None, "CAP_SYS_PTRACE"),
        (SYS_PTRACE, None, ""),
    ],
    ids=["blind", "hostNetwork", "a pod's network", "may enter", "may not look", "nobody may look"],
)
def test_the_nodes_network_is_found_by_its_first_process(effective, first, missing):
    """To look at it is one privilege; to enter it another, which hostNetwork makes needless."""
    check = node_network(_status(effective), 1, first)
    assert (check.ok, check.found) == (not missing, f"{missing} missing" if missing else "sufficient")


def test_a_containers_own_cgroup_is_not_the_nodes(tmp_path):
    """Only the root of all cgroups has no cgroup.type."""
    own, whole = tmp_path / "own", tmp_path / "whole"
    own.mkdir()
    whole.mkdir()
    (own / "cgroup.type").touch()
    assert not node_cgroup([own]).ok
    assert (node_cgroup([own, whole]).ok, node_cgroup([own, whole]).found) == (True, str(whole))


@pytest.mark.parametrize(("trees", "ok"), [(("/a", "/b"), False), (("/a",), True)])
def test_only_headers_that_must_be_merged_need_a_writable_directory(monkeypatch, trees, ok):
    """So a read-only root file system does with BCC_KERNEL_SOURCE."""
    monkeypatch.setattr(doctor.headers, "find", lambda _: SimpleNamespace(trees=trees))
    monkeypatch.setattr(doctor, "_writable_directory", lambda: False)
    assert doctor._headers().ok is ok


def test_the_first_failed_check_ends_the_program_with_its_advice():
    """The error is one line with exit code 3."""
    failed = Check("moon", ok=False, found="not full", advice="wait two weeks")
    with pytest.raises(KernelUnavailable, match=r"moon: not full\. wait two weeks") as raised:
        require([Check("sun", ok=True, found="there", advice=""), failed])
    assert raised.value.exit_code == 3
    assert "\n" not in str(raised.value)


def test_a_given_cgroup_is_taken_as_it_is(tmp_path):
    """The root of the hierarchy is only the default."""
    (tmp_path / "cgroup.controllers").touch()
    assert require([], tmp_path) == tmp_path


@pytest.mark.parametrize("name", [".", "nowhere"])
def test_a_given_directory_that_is_no_cgroup_is_told_first(tmp_path, name):
    """Before the kernel is asked, whose refusal would read as if it were too old."""
    failed = Check("moon", ok=False, found="not full", advice="wait two weeks")
    with pytest.raises(UsageError, match=r"--cgroup .* is not a directory of cgroup2"):
        require([failed], tmp_path / name)
