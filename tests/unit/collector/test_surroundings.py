"""A container sees of its node what its specification says."""

from pathlib import Path

import pytest

from collector.surroundings import node_cgroup, node_network, node_processes, process_namespaces

SYS_PTRACE, SYS_ADMIN = (1 << bit for bit in (19, 21))


def _status(effective):
    return f"Name:\tx\nCapEff:\t{effective:016x}\n"


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


@pytest.mark.parametrize(("refused", "ok"), [(0, True), (1, True), (2, False)])
def test_what_apparmor_refuses_is_told_although_the_capabilities_are_there(tmp_path, monkeypatch, refused, ok):
    """A process or two may be guarded anywhere; most of them are by a profile."""
    for name in ("1", "2", "3"):
        (tmp_path / name / "ns").mkdir(parents=True)
        (tmp_path / name / "ns/net").symlink_to("net:[4026531840]")
    (tmp_path / "4").mkdir()  # has ended
    readlink = Path.readlink

    def guarded(path):
        if path.parent.parent.name in ("1", "2", "3")[:refused]:
            raise PermissionError
        return readlink(path)

    monkeypatch.setattr(Path, "readlink", guarded)
    check = process_namespaces(tmp_path)
    assert (check.ok, check.found) == (
        ok,
        f"{refused} of 3 processes' may not be looked at" if refused else "may be looked at",
    )
