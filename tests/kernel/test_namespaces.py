"""Namespaces are found, entered and left for certain, and none is kept from ending."""

import socket
import subprocess
import threading
from pathlib import Path

import pytest
from namespaces import SERVER
from programs import wait_until

from collector.netns import all_namespaces, current_cookie, entered, look

pytestmark = pytest.mark.kernel


def _path(namespace):
    return Path("/run/netns") / namespace.name


def test_inside_is_there_and_outside_is_home(pair):
    """Also when the block ends with an error."""
    home, seen = current_cookie(), []

    def fail_inside():
        with entered(_path(pair.client)):
            seen.append(current_cookie())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert (seen, current_cookie()) == ([pair.client.cookie], home)


def test_only_the_calling_thread_is_moved(pair):
    """One that was there before stays where it is."""
    home, seen, go = current_cookie(), [], threading.Event()
    other = threading.Thread(target=lambda: go.wait(10) and seen.append(current_cookie()))
    other.start()
    with entered(_path(pair.client)):
        go.set()
        other.join()
    assert seen == [home]


def test_a_visit_of_another_thread_is_not_taken_for_a_place_of_this_program(pair):
    """The list has what the calling thread is in, whatever the main thread does meanwhile."""
    found, go = [], threading.Event()
    other = threading.Thread(target=lambda: go.wait(10) and found.extend(all_namespaces(named=())[0]))
    other.start()
    with entered(_path(pair.client)):
        go.set()
        other.join()
    cookies = {namespace.cookie for namespace in found}
    assert (current_cookie() in cookies, pair.client.cookie in cookies) == (True, False)


def test_named_namespaces_are_found_without_a_process(pair):
    """As a runtime makes them before the first process of a pod."""
    found, _ = all_namespaces()
    by_cookie = {namespace.cookie: namespace for namespace in found}
    assert {pair.client.cookie, pair.server.cookie, current_cookie()} <= by_cookie.keys()
    assert len(by_cookie) == len(found)
    assert look(by_cookie[pair.client.cookie].path) == by_cookie[pair.client.cookie]


def test_a_file_that_waits_for_a_namespace_is_none(pair, tmp_path):
    """`ip netns` makes the file first; a mount that is not visible here looks the same."""
    (tmp_path / "empty").touch()
    (tmp_path / "named").symlink_to(_path(pair.client))
    _, without = all_namespaces(named=())
    found, failed = all_namespaces(named=(tmp_path,))
    assert (pair.client.cookie in {namespace.cookie for namespace in found}, failed) == (True, without)


def test_no_namespace_is_held_when_it_ends(pair):
    """Its end of the veth pair goes with it, and so does the other end."""
    found, _ = all_namespaces()
    assert pair.client.cookie in {namespace.cookie for namespace in found}
    assert "eth0" in _devices(pair.server)
    subprocess.run(["ip", "netns", "delete", pair.client.name], check=True)
    wait_until(lambda: "eth0" not in _devices(pair.server), 5, f"the device of {SERVER} ends with its peer")
    subprocess.run(["ip", "netns", "add", pair.client.name], check=True)  # for the fixture to delete


def _devices(namespace):
    with namespace.inside():
        return {name for _, name in socket.if_nameindex()}
