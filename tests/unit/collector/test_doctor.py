"""What is missing ends the program with one line of advice."""

from types import SimpleNamespace

import pytest

from collector import doctor
from collector.check import Check
from collector.doctor import require
from schemas.errors import KernelUnavailable, UsageError


@pytest.mark.parametrize(("trees", "ok"), [(("/a", "/b"), False), (("/a",), True)])
def test_only_headers_that_must_be_merged_need_a_writable_directory(monkeypatch, trees, ok):
    """So a read-only root file system does with BCC_KERNEL_SOURCE."""
    monkeypatch.setattr(doctor.headers, "find", lambda _: SimpleNamespace(trees=trees))
    monkeypatch.setattr(doctor, "_writable_directory", lambda: False)
    assert doctor._headers().ok is ok


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
