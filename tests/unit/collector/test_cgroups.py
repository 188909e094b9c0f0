"""The UID of a pod is read from every form of path that kubelets and runtimes make, and from nothing else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.cgroups import Tree, links, pod_uid, pod_uid_of_process, version1_mounts

UID = "4c9f1974-5c46-44c2-b42f-3bbf0e98eef9"
SLICE = UID.replace("-", "_")
HASH = "8f6a44fc62e8cb075753c843896568ca"
CONTAINER = "9e07" * 16

FORMS = {
    "systemd, burstable": f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{SLICE}.slice",
    "systemd, guaranteed": f"/kubepods.slice/kubepods-pod{SLICE}.slice/cri-containerd-{CONTAINER}.scope",
    "cgroupfs, best effort": f"/kubepods/besteffort/pod{UID}/{CONTAINER}",
    "cgroupfs, guaranteed": f"/kubepods/pod{UID}",
    "a node in a container": f"/system.slice/docker-{CONTAINER}.scope/kubelet.slice/kubelet-kubepods.slice/"
    f"kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod{SLICE}.slice/cri-containerd-{CONTAINER}.scope",
    "a cgroup root of its own": f"/kubelet/kubepods/burstable/pod{UID}/crio-{CONTAINER}",
    "drivers that differ": f"/system.slice/containerd.service/kubepods-burstable-pod{SLICE}.slice:cri-containerd:"
    + CONTAINER,
    "below the container": f"/kubepods.slice/kubepods-pod{SLICE}.slice/crio-{CONTAINER}.scope/init.scope",
    "seen from a cgroup namespace": f"/../../kubepods.slice/kubepods-pod{SLICE}.slice/docker-{CONTAINER}.scope",
    "as a directory": f"/sys/fs/cgroup/unified/kubepods/burstable/pod{UID}/{CONTAINER}",
}
OTHERS = [
    "/",
    "",
    "/system.slice/kubelet.service",
    "/kubepods.slice/kubepods-burstable.slice",
    f"/machine.slice/libpod-{CONTAINER}.scope",
    f"/machine.slice/machine-libpod_pod_{CONTAINER}.slice",
    f"/user.slice/pod{UID}",
    f"/kubepods/burstable/pod{UID}0",
    f"/kubepods/burstable/pod{UID[:-1]}",
    f"/kubepods/burstable/other/pod{UID}",
    f"/notkubepods/pod{UID}",
    f"/kubepods.slice/kubepods-pod{SLICE}.scope",
]


@pytest.mark.parametrize("path", FORMS.values(), ids=FORMS)
def test_every_form_tells_the_pod(path):
    """With hyphens, as the API server writes it."""
    assert pod_uid(path) == UID


@pytest.mark.parametrize("path", OTHERS)
def test_what_is_no_pod_tells_none(path):
    """Neither the levels above pods nor what only looks like one."""
    assert pod_uid(path) == ""


@pytest.mark.parametrize("path", FORMS.values(), ids=FORMS)
def test_a_static_pod_has_its_hash(path):
    """The kubelet makes it of the manifest; the mirror pod has it as an annotation."""
    assert pod_uid(path.replace(UID, HASH).replace(SLICE, HASH)) == HASH


def test_of_a_cluster_within_a_pod_the_outer_pod_counts():
    """The node's kubelet knows no other."""
    inner = "/".join(("kubelet", "kubepods", f"pod{HASH}", CONTAINER))
    assert pod_uid(f"/kubepods/burstable/pod{UID}/{CONTAINER}/{inner}") == UID


@st.composite
def pods(draw):
    """A UID and a path of one of its containers, by any driver, level, prefix and runtime."""
    uid = draw(st.uuids().map(str) | st.uuids().map(lambda number: number.hex))
    level = draw(st.sampled_from(["", "burstable", "besteffort"]))
    name = draw(st.from_regex(r"[a-z]+-[0-9a-f]{64}(\.scope)?|[0-9a-f]{64}", fullmatch=True))
    above = draw(st.lists(st.sampled_from(["kubelet", "node", "cluster"]), max_size=2))
    if draw(st.booleans()):
        return uid, "/" + "/".join([*above, "kubepods", *filter(None, [level]), f"pod{uid}", name])
    parts = [*above, "kubepods", *filter(None, [level]), f"pod{uid.replace('-', '_')}"]
    slices = ["-".join(parts[: end + 1]) + ".slice" for end in range(len(parts))]
    return uid, "/" + "/".join([*slices, name])


@given(pods())
def test_whatever_the_path_the_uid_is_found(pod):
    """A round trip through the names that kubelets make."""
    uid, path = pod
    assert pod_uid(path) == uid


@given(st.text())
def test_no_text_is_an_error(text):
    """What a process's file may hold is not ours to choose."""
    for uid in (pod_uid(text), pod_uid_of_process(text)):
        assert uid.replace("-", "_") in text.replace("-", "_")


def test_a_process_tells_its_pod_in_whichever_hierarchy_it_stands():
    """Hybrid hosts have it in those of version 1 only; a path may contain colons."""
    line = FORMS["drivers that differ"]
    assert pod_uid_of_process(f"4:memory:{line}\n1:name=systemd:{line}\n0::/\n") == UID


def test_hierarchies_that_do_not_agree_tell_nothing():
    """Never guess."""
    assert pod_uid_of_process(f"4:memory:/kubepods/pod{UID}\n0::/kubepods/pod{HASH}\n") == ""


def test_mounts_of_version_1_are_found_beside_those_of_version_2():
    """With their escapes."""
    text = (
        "25 1 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
        "26 25 0:23 / /sys/fs/cgroup/name\\040d rw shared:2 - cgroup cgroup rw,name=systemd\n"
        "27 25 0:24 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    )
    assert version1_mounts(text) == ("/sys/fs/cgroup/name d",)


@pytest.fixture
def tree(tmp_path):
    """Makes groups with processes below a directory that stands for the mount."""

    def make(path, *processes):
        group = tmp_path / path.strip("/")
        group.mkdir(parents=True, exist_ok=True)
        (group / "cgroup.procs").write_text("".join(f"{process}\n" for process in processes))
        return str(group)

    return make


@pytest.mark.parametrize("path", [path for path in FORMS.values() if ".." not in path and "unified" not in path])
def test_a_pod_is_found_wherever_it_stands(tmp_path, tree, path):
    """By going down from the root once, then by listing where pods stand."""
    tree(path)
    reader = Tree()
    (parent,) = reader.parents(str(tmp_path))
    (uid,) = reader.pods(parent)
    assert (uid, reader.failed) == (UID, 0)


def test_pods_of_all_levels_are_listed_at_once_and_anew(tmp_path, tree):
    """What comes and goes shows in the next list."""
    guaranteed, burstable = tree(f"kubepods/pod{UID}"), tree(f"kubepods/burstable/pod{HASH}")
    reader = Tree()
    (parent,) = reader.parents(str(tmp_path))
    assert reader.pods(parent) == {UID: (guaranteed,), HASH: (burstable,)}
    (Path(burstable) / "cgroup.procs").unlink()
    Path(burstable).rmdir()
    assert reader.pods(parent) == {UID: (guaranteed,)}


def test_the_groups_of_a_pod_are_all_below_it(tree):
    """With their numbers and their processes."""
    pod = tree(f"kubepods/pod{UID}")
    container = tree(f"kubepods/pod{UID}/{CONTAINER}", 4, 7)
    nested = tree(f"kubepods/pod{UID}/{CONTAINER}/init.scope", 9)
    found = {group.path: (group.id, group.processes) for group in Tree().groups(pod)}
    assert found == {
        pod: (Path(pod).stat().st_ino, frozenset()),
        container: (Path(container).stat().st_ino, {4, 7}),
        nested: (Path(nested).stat().st_ino, {9}),
    }


def test_what_is_gone_is_no_failure_and_what_may_not_be_read_is_one(tmp_path, tree):
    """A group that ended while we looked is simply not there."""
    reader = Tree()
    assert reader.pods(str(tmp_path / "gone")) == {}
    assert [group.processes for group in reader.groups(str(tmp_path / "gone"))] == [frozenset()]
    assert reader.failed == 0
    group = tree("kubepods")
    (Path(group) / "cgroup.procs").unlink()
    (Path(group) / "cgroup.procs").mkdir()
    assert next(found.processes for found in reader.groups(group)) == frozenset()
    assert reader.failed == 1


def test_links_tell_that_groups_came(tree):
    """And are zero where there is nothing."""
    pod = tree(f"kubepods/pod{UID}")
    before = links((pod,))
    tree(f"kubepods/pod{UID}/{CONTAINER}")
    assert links((pod,)) == before + 1
    assert links((f"{pod}/gone",)) == 0
