"""Where cgroup2 is mounted."""

from pathlib import Path

import pytest

from collector.link import attached, cgroup2_mount
from schemas.errors import KernelUnavailable

UNIFIED = "23 28 0:21 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw"
HYBRID = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu
41 31 0:38 / /sys/fs/cgroup/unified rw shared:4 master:1 - cgroup2 cgroup2 rw
"""


@pytest.mark.parametrize(
    ("mountinfo", "expected"),
    [
        (UNIFIED, Path("/sys/fs/cgroup")),
        (HYBRID, Path("/sys/fs/cgroup/unified")),
        (r"41 31 0:38 / /mnt/a\040b rw - cgroup2 cgroup2 rw", Path("/mnt/a b")),
        ("23 28 0:21 / /sys rw - sysfs sysfs rw", None),
        ("", None),
        ("cut off", None),
    ],
)
def test_the_mount_is_found_by_its_type(mountinfo, expected):
    """Whatever optional fields stand between."""
    assert cgroup2_mount(mountinfo) == expected


def test_the_mount_that_shows_all_of_the_node_is_taken_before_a_containers_own(tmp_path):
    """In a container both may be there: its own part, and the host's, mounted by hostPath."""
    own, whole = tmp_path / "own", tmp_path / "whole"
    own.mkdir()
    (own / "cgroup.type").touch()
    mounts = f"1 2 0:3 / {own} ro - cgroup2 cgroup ro\n"
    assert cgroup2_mount(mounts) == own
    assert cgroup2_mount(f"{mounts}4 2 0:3 / {whole} ro - cgroup2 cgroup2 ro\n") == whole


def test_a_missing_cgroup_is_a_named_error(tmp_path):
    """The error says which cgroup."""
    with pytest.raises(KernelUnavailable, match="nowhere"), attached(0, tmp_path / "nowhere", 3):
        pass
