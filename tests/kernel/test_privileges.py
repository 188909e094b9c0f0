"""What a collector may lack, and what each lack costs: shown by taking capabilities away from a real process."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.kernel

ATTACH = """
import sys
from pathlib import Path
from collector.drain import counted
from collector.features import available
from collector.node import node_facts
from collector.probe import MapSizes, edges_spec
from schemas.errors import NetpolError
try:
    features = available()
    cgroup = features.require(Path(sys.argv[1]))
    with counted(edges_spec(MapSizes(64, 64, 64), node_facts(cgroup), udp=features.udp), cgroup) as source:
        source.drain()
    print("udp" if features.udp else "tcp only")
except NetpolError as error:
    print(error)
    sys.exit(error.exit_code)
"""

FEATURES = """
import json, os, sys
from collector.features import available
from collector.netns import look
from collector.probe import MapSizes, Node, edges_spec, load
from schemas.errors import KernelUnavailable
from pathlib import Path

def loads(udp):
    try:
        load(edges_spec(MapSizes(64, 64, 64), Node(), udp=udp)).close()
    except KernelUnavailable:
        return False
    return True

def enters():
    try:
        return look(Path(sys.argv[1])).cookie > 0
    except OSError:
        return False

flags = available().flags()
print(json.dumps([[flags["tcp"], flags["udp"], flags["older"], flags["pods"]], [loads(False), loads(True), enters()]]))
"""


def _with(capabilities, code, *arguments):
    kept = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    command = ["setpriv", f"--bounding-set={kept}", sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("capabilities", [["bpf", "net_admin"], ["sys_admin"]], ids=" and ".join)
def test_two_capabilities_are_enough_for_tcp_and_udp(cgroup, capabilities):
    """CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN in their place; neither root nor CAP_PERFMON is needed."""
    ended = _with(capabilities, ATTACH, cgroup)
    assert (ended.returncode, ended.stdout) == (0, "udp\n")


@pytest.mark.parametrize(
    ("capabilities", "missing"),
    [([], "CAP_BPF and CAP_NET_ADMIN"), (["bpf"], "CAP_NET_ADMIN"), (["net_admin"], "CAP_BPF")],
)
def test_a_missing_capability_is_named_in_one_line(cgroup, capabilities, missing):
    """Exit code 3, the name, and what to do."""
    ended = _with(capabilities, ATTACH, cgroup)
    assert ended.returncode == 3
    assert ended.stdout.startswith(f"privileges: {missing} missing. run as root")
    assert ended.stdout.count("\n") == 1


@pytest.fixture
def elsewhere(pair):
    """A process with all capabilities in another network namespace, as a pod's may be; the path of its namespace."""
    command = ["ip", "netns", "exec", pair.client.name, sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"\n"
        yield f"/proc/{process.pid}/ns/net"
        process.communicate(b"\n")


@pytest.mark.parametrize(
    ("capabilities", "loaded", "entered"),
    [
        (["bpf", "net_admin"], True, False),
        (["bpf", "net_admin", "sys_ptrace"], True, False),
        (["sys_admin"], True, False),
        (["sys_admin", "sys_ptrace"], True, True),
        (["sys_ptrace", "bpf"], False, False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_doctor_says_is_what_the_kernel_does(elsewhere, capabilities, loaded, entered):
    """No feature is said to work that does not, and none is given up without need."""
    ended = _with(capabilities, FEATURES, elsewhere)
    said, done = json.loads(ended.stdout)
    assert done == [loaded, loaded, entered]
    assert said == [loaded, loaded, entered, entered]


def test_this_process_may_have_everything(kernel):
    """The tests' own privileges are enough, or the tests above would show nothing."""
    assert os.geteuid() == 0
    ended = _with(["bpf", "net_admin", "sys_admin", "sys_ptrace"], FEATURES, "/proc/self/ns/net")
    assert json.loads(ended.stdout) == [[True] * 4, [True] * 3]
