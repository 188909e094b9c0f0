"""What is missing is named, with one line of advice."""

import pytest

from collector.doctor import Check, privileges, require
from schemas.errors import KernelUnavailable, UsageError


@pytest.mark.parametrize(
    ("effective", "ok"),
    [
        ("000001ffffffffff", True),
        ("0000000000000000", False),
        (f"{1 << 39 | 1 << 12:016x}", True),
        (f"{1 << 39:016x}", False),
        (f"{1 << 12:016x}", False),
        (f"{1 << 21:016x}", True),
    ],
    ids=["root", "nobody", "both capabilities", "BPF alone", "NET_ADMIN alone", "SYS_ADMIN alone"],
)
def test_privileges_are_root_or_the_capabilities(effective, ok):
    """CAP_BPF to load and CAP_NET_ADMIN to attach; CAP_SYS_ADMIN stands in for either."""
    assert privileges(f"Name:\tx\nCapEff:\t{effective}\n").ok is ok


def test_what_is_missing_is_named():
    """By the names that a pod's securityContext uses."""
    assert "CAP_BPF" in privileges("CapEff:\t0000000000001000\n").found


def test_the_first_failed_check_ends_the_program_with_its_advice():
    """The error is one line with exit code 3."""
    failed = Check("moon", ok=False, found="not full", advice="wait two weeks")
    with pytest.raises(KernelUnavailable, match=r"moon: not full\. wait two weeks") as raised:
        require([Check("sun", ok=True, found="there", advice=""), failed])
    assert raised.value.exit_code == 3
    assert "\n" not in str(raised.value)


def test_a_given_cgroup_is_taken_as_it_is(tmp_path):
    """The root of the hierarchy is only the default."""
    (tmp_path / "cgroup.controllers").touch()
    assert require([], tmp_path) == tmp_path


@pytest.mark.parametrize("name", [".", "nowhere"])
def test_a_given_directory_that_is_no_cgroup_is_told_first(tmp_path, name):
    """Before the kernel is asked, whose refusal would read as if it were too old."""
    failed = Check("moon", ok=False, found="not full", advice="wait two weeks")
    with pytest.raises(UsageError, match=r"--cgroup .* is not a directory of cgroup2"):
        require([failed], tmp_path / name)
