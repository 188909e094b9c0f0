"""The programs are compiled and attached where nothing can be written, as in a pod with a read-only root."""

import os
import subprocess
import sys

import pytest
from scratch import scratch

from collector import headers

pytestmark = pytest.mark.kernel

READ_ONLY = """
for mount in $(cut -d' ' -f5 /proc/self/mountinfo); do mount -o remount,bind,ro "$mount" 2>/dev/null; done
%s
exec "$@"
"""
"""A shell's words in a mount namespace of its own."""
COUNT = """
import sys, tempfile
from pathlib import Path
from collector.drain import counted
from collector.features import available
from collector.leftovers import clear
from collector.node import node_facts
from collector.probe import MapSizes, edges_spec
try:
    print(tempfile.gettempdir())
except FileNotFoundError:
    print("nowhere")
try:
    cgroup = available().require(Path(sys.argv[1]))
    clear(cgroup)
    with counted(edges_spec(MapSizes(64, 64, 64), node_facts(cgroup)), cgroup) as source:
        print(source.drain().rows)
except Exception as error:
    print(error)
"""


def count_read_only(cgroup, writable="", **environment):
    """The lines of a collector for which all is read-only but what `writable` mounts."""
    words = ["unshare", "--mount", "--propagation=private", "sh", "-c", READ_ONLY % writable, "sh"]
    plain = {name: value for name, value in os.environ.items() if name not in {"TMPDIR", headers.VARIABLE}}
    command = [*words, sys.executable, "-c", COUNT, cgroup]
    ended = subprocess.run(command, env=plain | environment, capture_output=True, text=True, check=True, timeout=100)
    return ended.stdout.splitlines()


@pytest.fixture
def one_tree(tmp_path):
    """Headers in one tree, as an image has them."""
    found = headers.find({})
    if found.found_by_bcc:
        return next(path for path in (found.trees[0] / "source", found.trees[0] / "build") if path.is_dir())
    if len(found.trees) == 1:
        return found.trees[0]
    headers._merge_needed(found.trees, tmp_path)
    return tmp_path


def test_a_writable_temporary_directory_is_enough(cgroup):
    """Headers of more than one tree are merged there."""
    hidden = scratch()
    assert count_read_only(cgroup, f"mount -t tmpfs none {hidden}", TMPDIR=hidden) == [hidden, "()"]


def test_headers_in_one_tree_need_no_writable_directory(cgroup, one_tree):
    """Nothing is written at all, by the compiler either."""
    assert count_read_only(cgroup, **{headers.VARIABLE: str(one_tree)}) == ["nowhere", "()"]


def test_headers_that_cannot_be_merged_are_a_named_lack(cgroup):
    """What to do is said in one line; headers that need no merging do without."""
    nowhere, said = count_read_only(cgroup)
    assert nowhere == "nowhere"
    if len(headers.find({}).trees) == 1:
        assert said == "()"
    else:
        assert said.startswith("kernel headers: no writable directory to merge ")
        assert "mount an emptyDir at /tmp" in said
