"""A container that is cut off from its node is told so: cgroups and processes of its own."""

import json
import subprocess
import sys

import pytest

from collector import link

pytestmark = pytest.mark.kernel

OWN_ONLY = "only this container's own part is mounted, so no other sockets are seen at all"
LOOK = """
import json
from collector import link
from collector.features import available
found = available()
print(json.dumps([found.flags(), str(link.root_cgroup()), [state.reason for state in found.states]]))
"""
CONTAINED = """
set -e
mount --move {cgroups} {elsewhere}
mount -t cgroup2 none {cgroups}
{then}
exec "$@"
"""


def look_inside(cgroups, elsewhere, then, *namespaces):
    """The features of a process with a cgroup namespace of its own, its root, and why a feature is off."""
    words = CONTAINED.format(cgroups=cgroups, elsewhere=elsewhere, then=then)
    unshare = ["unshare", "--mount", "--cgroup", *namespaces]
    command = [*unshare, "sh", "-c", words, "sh", sys.executable, "-c", LOOK]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    flags, root, reasons = json.loads(ended.stdout)
    return flags, root, dict(zip(flags, reasons, strict=True))


@pytest.fixture
def mounted(cgroup, tmp_path):
    """Where the node's cgroups are mounted, and an empty directory; the test is in a cgroup of its own."""
    return link.root_cgroup(), tmp_path


def test_a_containers_own_cgroups_cost_what_needs_the_nodes(mounted):
    """TCP and UDP go on, for what the container sees."""
    flags, root, reasons = look_inside(*mounted, f"umount {mounted[1]}")
    assert flags == {"tcp": True, "udp": True, "older": True, "pods": False, "host-network": False}
    assert root == str(mounted[0])
    assert reasons["pods"] == f"the node's cgroups: {OWN_ONLY}"


def test_the_nodes_cgroups_are_found_wherever_they_are_mounted(mounted):
    """Beside the container's own."""
    flags, root, _ = look_inside(*mounted, "")
    assert set(flags.values()) == {True}
    assert root == str(mounted[1])


def test_without_the_nodes_processes_only_tcp_and_udp_are_left(mounted):
    """As in a pod without hostPID."""
    flags, _, reasons = look_inside(*mounted, "", "--pid", "--fork", "--mount-proc")
    assert flags == {"tcp": True, "udp": True, "older": False, "pods": False, "host-network": False}
    assert reasons["older"] == "the node's processes: /proc shows this container only"
