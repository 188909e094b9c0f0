"""Real sockets of real pods' processes are told apart, whatever address they have."""

import subprocess
import sys
import uuid
from contextlib import ExitStack
from pathlib import Path

import pytest
from namespaces import CLIENT, SERVER, connect, namespace_pair
from programs import wait_until

from collector.cgroups import version1_mounts
from collector.layout import KEY
from collector.netns import current_cookie
from collector.pods import PodDirectory

pytestmark = pytest.mark.kernel


class Pods:
    """Control groups with sleeping processes, as a kubelet's systemd driver makes them below a root."""

    def __init__(self, root):
        self.root, self.made, self.processes = root, [], []

    def start(self, namespace=None, command=("sleep", "600"), **options):
        """A pod with one process, in a namespace or on the host network; its UID and the process."""
        uid = str(uuid.uuid4())
        inside = () if namespace is None else ("ip", "netns", "exec", namespace.name)
        process = subprocess.Popen([*inside, *command], **options)
        self.processes.append(process)
        comm = Path(f"/proc/{process.pid}/comm")
        wait_until(lambda: comm.read_text().strip() == Path(command[0]).name, 10, f"{command[0]} runs")
        self._move(process.pid, uid)
        return uid, process

    def _move(self, pid, uid):
        group = self.root
        level = "kubepods-burstable"
        for name in (
            "kubepods.slice",
            f"{level}.slice",
            f"{level}-pod{uid.replace('-', '_')}.slice",
            f"cri-{pid}.scope",
        ):
            group /= name
            if not group.exists():
                group.mkdir()
                self.made.append(group)
        (group / "cgroup.procs").write_text(str(pid))

    def end(self):
        """All processes end, and their groups."""
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()
        for group in sorted(self.made, reverse=True):
            group.rmdir()
        self.made, self.processes = [], []


@pytest.fixture
def pods(cgroup):
    """Pods below the test's own cgroup."""
    made = Pods(cgroup)
    yield made
    made.end()


@pytest.fixture
def directory(pods):
    return PodDirectory(pods.root)


def _owners(directory, rows):
    """Pod UIDs by the local address of the rows of a drain."""
    found = {}
    for key, _ in rows:
        local, _, cookie, group, *_ = KEY.unpack(key)
        found[".".join(map(str, local[:4]))] = directory.uid(cookie, group)
    return found


def _traffic(pair, count=3):
    with pair.server.listen(2, SERVER, 80) as listening:
        connect(pair.client, listening, (SERVER, 80), count)


def test_each_end_of_a_connection_is_its_pods(pair, watch, pods, directory):
    """By the namespace; one without a pod is nobody's, and its cookie still tells it apart."""
    watched = watch()
    (uid, _) = pods.start(pair.client)
    _traffic(pair)
    rows = watched.source.drain().rows
    directory.refresh(0)
    assert _owners(directory, rows) == {CLIENT: uid, SERVER: ""}
    assert {KEY.unpack(key)[2] for key, _ in rows} == {pair.client.cookie, pair.server.cookie}
    assert directory.failed == 0


def test_an_address_that_another_pod_has_now_misleads_nobody(kernel, watch, pods, directory):
    """Two pods one after the other with the same address, both drained when only the second is left."""
    watched, uids, drains = watch(), [], []
    for second in range(2):
        with namespace_pair() as pair:
            uids.append(pods.start(pair.client)[0])
            directory.refresh(second)
            _traffic(pair)
            drains.append(watched.source.drain().rows)
        if second == 0:
            pods.end()
    directory.refresh(2)
    assert [_owners(directory, rows)[CLIENT] for rows in drains] == uids
    assert (directory.counts.live, directory.counts.ended) == (1, 1)


def test_a_pod_that_has_just_started_is_resolved(pair, watch, pods, directory):
    """Its first edges are drained before the next refresh."""
    watched = watch()
    directory.refresh(0)
    (uid, _) = pods.start(pair.client)
    _traffic(pair)
    rows = watched.source.drain().rows
    directory.resolve({KEY.unpack(key)[2:4] for key, _ in rows}, 0.1)
    assert _owners(directory, rows)[CLIENT] == uid


CALLER = """
import socket, sys
sys.stdin.readline()
with socket.socket() as calling:
    calling.connect((sys.argv[1], 80))
"""


@pytest.fixture
def from_host(pair):
    """Addresses of a link between the node's own namespace and the server's."""
    name, number = f"npt{uuid.uuid4().hex[:8]}", uuid.uuid4().int % 250
    near, far = f"10.203.{number}.1", f"10.203.{number}.2"
    ip = ["ip", "link", "add", name, "type", "veth", "peer", "host0", "netns", pair.server.name]
    subprocess.run(ip, check=True)
    for command in (["address", "add", f"{near}/30", "dev", name], ["link", "set", name, "up"]):
        subprocess.run(["ip", *command], check=True)
    for command in (["address", "add", f"{far}/30", "dev", "host0"], ["link", "set", "host0", "up"]):
        pair.server.run("ip", *command)
    yield near, far
    subprocess.run(["ip", "link", "delete", name], check=True)


def test_on_the_host_network_the_control_group_tells_the_pod(pair, from_host, watch, pods, directory):
    """Two pods share the node's namespace and address; each connection is its own pod's."""
    near, far = from_host
    watched, found, uids = watch(), [], []
    with pair.server.listen(2, far, 80) as listening:
        for _ in range(2):
            command = (sys.executable, "-c", CALLER, far)
            uid, process = pods.start(command=command, stdin=subprocess.PIPE, text=True)
            process.communicate("\n", timeout=20)
            listening.accept()[0].close()
            rows = watched.source.drain().rows
            directory.resolve({KEY.unpack(key)[2:4] for key, _ in rows}, len(uids))
            uids.append(uid)
            found.append(_owners(directory, rows)[near])
    assert found == uids
    assert directory.uid(current_cookie(), 0) == ""


def test_two_pods_in_one_namespace_are_not_told_by_it(pair, pods, directory):
    """Neither is guessed."""
    for _ in range(2):
        pods.start(pair.client)
    directory.refresh(0)
    assert directory.uid(pair.client.cookie, 0) == ""


def test_pods_of_version_1_hierarchies_are_told_by_namespace(pair, cgroup):
    """On hybrid hosts the kubelet's groups may stand in those only."""
    mounts = version1_mounts(Path("/proc/self/mountinfo").read_text())
    if not mounts:
        pytest.skip("cgroup version 1: this host has no hierarchy of it")
    root = Path(mounts[-1]) / f"npt-{uuid.uuid4().hex[:8]}"
    with ExitStack() as stack:
        root.mkdir()
        stack.callback(root.rmdir)
        pods = Pods(root)
        stack.callback(pods.end)
        uid, _ = pods.start(pair.client)
        directory = PodDirectory(cgroup)
        directory.refresh(0)
        assert directory.uid(pair.client.cookie, 0) == uid
