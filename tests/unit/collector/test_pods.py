"""A pod is told by its namespace only while nothing speaks against it, and by its control group on the host network."""

import os

import pytest

from collector.claims import KEPT_S
from collector.netns import Netns, inode_of
from collector.pods import PodDirectory

ONE, TWO = "4c9f1974-5c46-44c2-b42f-3bbf0e98eef9", "8f6a44fc62e8cb075753c843896568ca"
NODE = 1
FIRST_PID = 5_000_000  # above what the kernel gives
LATER_S = 40.0


class Node:
    """A node's control groups and processes as files; the cookie of a namespace is its inode and a thousand."""

    def __init__(self, root):
        self.root, self.proc, self.pid, self.entered = root / "cgroup", root / "proc", FIRST_PID, []
        self.refused = set()
        self.root.mkdir()
        (self.root / "cgroup.procs").touch()
        self._process(1, NODE, "/init.scope")
        self.directory = PodDirectory(self.root, self.proc, self.enter)

    def enter(self, path):
        self.entered.append(path)
        inode = inode_of(str(path))
        if inode in self.refused:
            raise PermissionError(path)
        return Netns(inode, inode + 1000, path)

    def _process(self, pid, inode, path):
        (self.proc / f"{pid}/ns").mkdir(parents=True)
        (self.proc / f"{pid}/ns/net").symlink_to(f"net:[{inode}]")
        (self.proc / f"{pid}/cgroup").write_text(f"0::{path}\n")

    def start(self, uid, inode, container="c0", below="kubepods/burstable"):
        """A process of a pod's container; its group's id."""
        self.pid += 1
        path = f"{below}/pod{uid}/{container}"
        self._process(self.pid, inode, f"/{path}")
        group = self.root / path
        group.mkdir(parents=True, exist_ok=True)
        for each in (group, *group.relative_to(self.root).parents):
            (self.root / each / "cgroup.procs").touch()
        with (group / "cgroup.procs").open("a") as file:
            file.write(f"{self.pid}\n")
        return group.stat().st_ino

    def end(self, uid, below="kubepods/burstable"):
        """The pod's groups go, as the kubelet removes them."""
        pod = self.root / below / f"pod{uid}"
        for path in sorted(pod.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        pod.rmdir()

    def uid(self, inode, group=0):
        return self.directory.uid(inode + 1000, group)


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path)


def test_a_pod_owns_the_namespace_its_processes_are_in(node):
    """Each its own, and nobody another."""
    node.start(ONE, 5)
    node.start(TWO, 6)
    node.directory.refresh(0)
    assert [node.uid(inode) for inode in (5, 6, 7)] == [ONE, TWO, ""]


def test_a_new_pod_is_known_at_the_next_refresh(node):
    """Within the second or two between them."""
    node.start(ONE, 5)
    node.directory.refresh(0)
    node.start(TWO, 6)
    node.directory.refresh(1)
    assert node.uid(6) == TWO


def test_a_container_that_comes_later_is_noticed(node):
    """A new sandbox of the same pod has a new namespace; the old one stays the pod's."""
    node.start(ONE, 5)
    node.directory.refresh(0)
    node.start(ONE, 8, container="c1")
    node.directory.refresh(LATER_S)
    assert [node.uid(inode) for inode in (5, 8)] == [ONE, ONE]


def test_a_process_that_enters_its_namespace_later_is_followed(node):
    """The first process stands in the pod's group before it leaves the node's namespace."""
    node.start(ONE, NODE)
    node.directory.refresh(0)
    link = node.proc / f"{node.pid}/ns/net"
    link.unlink()
    link.symlink_to("net:[5]")
    node.directory.refresh(1)
    assert node.uid(5) == ONE


def test_the_nodes_own_namespace_is_nobodys(node):
    """On the host network the control group tells the pod, and nothing else does."""
    groups = [node.start(uid, NODE) for uid in (ONE, TWO)]
    node.directory.refresh(0)
    assert node.uid(NODE) == ""
    assert [node.uid(NODE, group) for group in groups] == [ONE, TWO]
    assert node.uid(NODE, 987_654_321) == ""


def test_groups_below_a_container_are_the_pods_too(node):
    """An init system in a container makes its own."""
    nested = node.start(ONE, NODE, container="c0/init.scope")
    node.directory.refresh(0)
    assert node.uid(NODE, nested) == ONE


def test_a_namespace_of_two_pods_is_nobodys(node):
    """Until one of them has left it."""
    node.start(ONE, 5)
    node.start(TWO, 5)
    node.directory.refresh(0)
    assert node.uid(5) == ""
    node.end(TWO)
    node.directory.refresh(1)
    assert node.uid(5) == ONE


def test_a_visit_from_the_host_network_claims_nothing(node):
    """A network plugin's daemon sets a pod's namespace up from within it."""
    node.start(TWO, NODE)
    node.start(TWO, 5)
    node.directory.refresh(0)
    assert node.uid(5) == ""
    node.start(ONE, 5)
    node.directory.refresh(1)
    assert node.uid(5) == ONE


def test_a_visit_of_this_program_itself_claims_nothing(node):
    """Its main thread may be in a pod's namespace while another one asks: the asking thread's place counts."""
    node._process("thread-self", NODE, "/")
    node.pid = os.getpid() - 1
    node.start(TWO, 5)
    node.directory.refresh(0)
    assert node.uid(5) == ""


def test_an_inode_that_another_pod_has_now_misleads_nobody(node):
    """The cookie counts: the old one stays the ended pod's, the new one is the new pod's."""
    node.start(ONE, 5)
    node.directory.refresh(0)
    node.end(ONE)
    node.start(TWO, 5)
    node.directory._occupants._enter = lambda path: Netns(5, 2005, path)
    node.directory.refresh(1)
    assert [node.directory.uid(cookie, 0) for cookie in (1005, 2005)] == [ONE, TWO]


def test_an_ended_pod_is_remembered_for_some_minutes(node):
    """Its edges may be drained later; after that it is forgotten."""
    group = node.start(ONE, 5)
    node.directory.refresh(0)
    node.end(ONE)
    node.directory.refresh(1)
    node.directory.refresh(KEPT_S)
    assert (node.uid(5), node.uid(NODE, group)) == (ONE, ONE)
    assert (node.directory.counts.live, node.directory.counts.ended) == (0, 1)
    node.directory.refresh(KEPT_S + 20)
    assert (node.uid(5), node.uid(NODE, group)) == ("", "")
    assert node.directory.counts.ended == 0


def test_an_idle_refresh_enters_a_few_namespaces_only(node):
    """However many pods there are; in time it looks at each again."""
    for number in range(20):
        node.start(f"{number:032x}", 100 + number)
    node.directory.refresh(0)
    node.entered.clear()
    node.directory.refresh(LATER_S)
    assert 0 < len(node.entered) <= 3
    for second in range(1, 8):
        node.directory.refresh(LATER_S + second)
    assert len(set(node.entered)) == 20


def test_an_unknown_namespace_is_looked_for_at_once(node):
    """A pod that has just started is found before the rows of a drain are told apart."""
    node.directory.refresh(0)
    group = node.start(ONE, 5)
    node.directory.resolve([(1005, 0)], 0.1)
    assert (node.uid(5), node.uid(NODE, group)) == (ONE, ONE)


def test_a_group_below_a_known_container_is_looked_for_at_once(node):
    """Nothing at the pod's own directory tells of it."""
    node.start(ONE, NODE)
    node.directory.refresh(0)
    nested = node.start(ONE, NODE, container="c0/deep")
    node.directory.resolve([(NODE + 1000, nested)], 0.1)
    assert node.uid(NODE, nested) == ONE


def test_what_is_nobodys_is_not_looked_for_for_ever(node):
    """Three times, then it costs nothing."""
    node.start(ONE, 5)
    node.directory.refresh(0)
    for attempt in range(6):
        node.entered.clear()
        node.directory.resolve([(1099, 0), (NODE + 1000, 0), (0, 0)], attempt)
        assert bool(node.entered) == (attempt < 3)


def test_a_pod_whose_group_is_out_of_sight_is_told_by_its_processes(node):
    """Their own files name the group."""
    node._process(FIRST_PID + 500, 5, f"/kubepods/pod{ONE}/c0")
    node.directory.refresh(0)
    assert node.uid(5) == ""
    node.directory.resolve([(1005, 0)], 1)
    node.directory.refresh(2)
    assert node.uid(5) == ONE


def test_a_node_within_a_pod_believes_no_process(node):
    """All paths would begin with the outer pod."""
    (node.proc / "1/cgroup").write_text(f"0::/kubepods/pod{TWO}/c0\n")
    node._process(FIRST_PID + 500, 5, f"/kubepods/pod{TWO}/c0/kubepods/pod{ONE}/c0")
    node.directory.resolve([(1005, 0)], 1)
    assert node.uid(5) == ""


def test_what_may_not_be_entered_is_counted(node):
    """And leaves the others as they are."""
    node.refused.add(5)
    node.start(ONE, 5)
    node.start(TWO, 6)
    node.directory.refresh(0)
    assert (node.uid(5), node.uid(6)) == ("", TWO)
    assert node.directory.failed == 1


def test_a_process_of_another_pid_namespace_is_counted(node):
    """The kernel writes zero for what the reader cannot see."""
    node.start(ONE, 5)
    procs = node.root / f"kubepods/burstable/pod{ONE}/c0/cgroup.procs"
    procs.write_text("0\n")
    node.directory.refresh(0)
    assert node.directory.failed == 1


def test_a_process_number_that_another_has_now_misleads_nobody(node):
    """Whoever is no more in the group when its namespace has been told is not believed."""
    node.start(ONE, 5)
    procs = node.root / f"kubepods/burstable/pod{ONE}/c0/cgroup.procs"

    def enter(path):
        procs.write_text("")
        return node.enter(path)

    node.directory._occupants._enter = enter
    node.directory.refresh(0)
    assert node.uid(5) == ""


def test_a_process_that_goes_to_the_nodes_namespace_meanwhile_claims_nothing(node):
    """What counts is where it was when it was asked for the cookie."""
    node.start(ONE, 5)
    node.directory._occupants._enter = lambda path: Netns(NODE, NODE + 1000, path)
    node.directory.refresh(0)
    assert [node.uid(inode) for inode in (NODE, 5)] == ["", ""]


def test_pods_of_hierarchies_of_version_1_are_told_by_namespace(tmp_path):
    """Where cgroup2 has none; ids of version 1 are not the kernel's cgroup ids, so they tell nothing."""
    (tmp_path / "proc/self").mkdir(parents=True)
    mount = tmp_path / "version1"
    (tmp_path / "proc/self/mountinfo").write_text(f"26 25 0:23 / {mount} rw - cgroup cgroup rw,pids\n")
    node = Node(tmp_path)
    node.root = mount
    group = node.start(ONE, 5)
    node.directory.refresh(0)
    assert (node.uid(5), node.uid(NODE, group)) == (ONE, "")
