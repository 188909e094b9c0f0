"""Namespaces are listed once each, from whatever leads to them, and what cannot be looked into is counted."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from collector import netns
from collector.netns import Netns, all_namespaces, current_cookie, inode_of, node_namespace

FIRST_PID = 5_000_000  # above what the kernel gives


@pytest.fixture
def proc(tmp_path):
    """A procfs in which the calling thread is in namespace 1; makes processes, each in a namespace by inode."""

    def make(number, inode):
        directory = tmp_path / str(number) / "ns"
        directory.mkdir(parents=True)
        (directory / "net").symlink_to(f"net:[{inode}]")

    (tmp_path / "thread-self/ns").mkdir(parents=True)
    (tmp_path / "thread-self/ns/net").symlink_to("net:[1]")
    (tmp_path / "thread-self/ns/net:[1]").touch()
    make.root = tmp_path
    return make


@pytest.fixture
def entering(monkeypatch):
    """Stands for entering: the cookie is the inode and a thousand, unless it is said to fail for a path."""
    errors, looked = {}, []

    def look(path):
        looked.append(path.parts[-3])
        for pattern, error in errors.items():
            if path.match(pattern):
                raise error
        inode = inode_of(str(path))
        return Netns(inode, inode + 1000, path)

    monkeypatch.setattr(netns, "look", look)
    look.errors, look.looked = errors, looked
    return look


def _cookies(found):
    return sorted(namespace.cookie for namespace in found)


def test_each_namespace_is_listed_and_entered_once(proc, entering):
    """However many processes are in it."""
    for number in range(6):
        proc(FIRST_PID + number, 1 + number % 3)
    found, failed = all_namespaces(proc.root, ())
    assert (_cookies(found), failed) == ([1001, 1002, 1003], 0)
    assert len(entering.looked) == 3


def test_a_process_that_ends_meanwhile_is_followed_by_the_next_of_its_namespace(proc, entering):
    """A namespace is lost only when nothing leads to it any more, and that is no failure."""
    for number in range(3):
        proc(FIRST_PID + number, 2)
    entering.errors[f"{FIRST_PID + 1}/ns/net"] = ProcessLookupError()
    entering.errors[f"{FIRST_PID + 2}/ns/net"] = FileNotFoundError()
    found, failed = all_namespaces(proc.root, ())
    assert (_cookies(found), failed) == ([1001, 1002], 0)


def test_a_namespace_that_may_not_be_entered_is_counted_once(proc, entering):
    """However many processes are in it."""
    for number in range(3):
        proc(FIRST_PID + number, 2)
        entering.errors[f"{FIRST_PID + number}/ns/net"] = PermissionError()
    found, failed = all_namespaces(proc.root, ())
    assert (_cookies(found), failed) == ([1001], 1)


def test_a_process_that_does_not_tell_its_namespace_is_counted(proc, entering, monkeypatch):
    """All but the first, which is taken to be where the caller is."""
    for number in (1, FIRST_PID, FIRST_PID + 1):
        proc(number, 2)

    def refuse(link):
        if "thread-self" not in link:
            raise PermissionError(link)
        return 1

    monkeypatch.setattr(netns, "inode_of", refuse)
    entering.errors["*/thread-self/ns/net"] = PermissionError()
    found, failed = all_namespaces(proc.root, ())
    assert (found, failed) == ((), 3)  # two processes, and the caller's own that may not be entered


def test_a_node_without_named_namespaces_has_none(proc, entering, tmp_path):
    """The directory of names is not there, which is no failure."""
    found, failed = all_namespaces(proc.root, (tmp_path / "gone",))
    assert (_cookies(found), failed) == ([1001], 0)


def test_the_nodes_namespace_is_that_of_its_first_process(proc):
    """As it is entered."""
    proc(1, 7)
    assert node_namespace(proc.root, lambda path: Netns(7, 1007, path)).cookie == 1007


def test_the_nodes_namespace_is_ours_where_the_first_process_may_not_be_asked(proc):
    """A collector on the host network is where the node is."""

    def refuse(path):
        raise PermissionError(path)

    found = node_namespace(proc.root, refuse)
    assert (found.inode, found.cookie) == (inode_of("/proc/thread-self/ns/net"), current_cookie())


STRANDED = """
import os
from pathlib import Path
from collector.netns import entered
with entered(Path("/proc/thread-self/ns/net")):
    os.closerange(3, 64)
print("still here")
"""


def test_a_thread_that_cannot_return_ends_the_process():
    """With its own exit code, and a line that says why."""
    ended = subprocess.run([sys.executable, "-c", STRANDED], capture_output=True, text=True, check=False, timeout=30)
    if "Operation not permitted" in ended.stderr:
        pytest.skip("CAP_SYS_ADMIN: entering a namespace is not permitted")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "cannot return" in ended.stderr


def test_what_is_no_namespace_cannot_be_entered_and_leaks_no_descriptor(tmp_path):
    """An error of the system, for the caller to count."""
    (tmp_path / "file").touch()
    before = len(list(Path("/proc/thread-self/fd").iterdir()))
    for path in (tmp_path / "file", tmp_path / "gone"):
        with pytest.raises(OSError, match=r"."), netns.entered(path):
            pytest.fail("entered what is no namespace")
    assert len(list(Path("/proc/thread-self/fd").iterdir())) == before


def test_the_cookie_is_the_same_in_every_thread_of_a_namespace():
    """And never zero."""
    cookies = []
    thread = threading.Thread(target=lambda: cookies.append(current_cookie()))
    thread.start()
    thread.join()
    assert cookies == [current_cookie()]
    assert cookies != [0]
