"""Which kernel headers are taken, and how Debian's two trees become one."""

from pathlib import Path

import pytest

from collector.headers import VARIABLE, Headers, find, merge, prepared
from schemas.errors import KernelUnavailable

MARK = "include/uapi/linux/bpf.h"


def _file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.name)
    return path


@pytest.fixture
def debian(tmp_path):
    """A root with Debian's headers of two kernels; the older one's are complete."""
    source = tmp_path / "usr/src"
    _file(source / "linux-headers-6.1.0-9-common" / MARK)
    _file(source / "linux-headers-6.1.0-8-common" / MARK)
    _file(source / "linux-headers-6.1.0-8-amd64/include/generated/autoconf.h")
    return tmp_path


def test_the_variable_comes_first(debian):
    """BCC_KERNEL_SOURCE is obeyed, also when it is wrong: no other headers are taken in its place."""
    tree = _file(debian / "given" / MARK).parents[3]
    assert find({VARIABLE: str(tree)}, debian, "1") == Headers((tree,))
    assert find({VARIABLE: "/nowhere"}, debian, "1") is None


def test_the_running_kernels_own_are_left_to_bcc(debian):
    """They need no help to be found."""
    _file(debian / "lib/modules/6.18/source" / MARK)
    found = find({}, debian, "6.18")
    assert found is not None
    assert found.found_by_bcc


def test_debians_headers_of_any_kernel_do(debian):
    """A common tree without its other half is passed over."""
    source = debian / "usr/src"
    expected = Headers((source / "linux-headers-6.1.0-8-common", source / "linux-headers-6.1.0-8-amd64"))
    assert find({}, debian, "6.18") == expected


def test_nothing_is_none(tmp_path):
    """Without headers there is nothing to find."""
    assert find({}, tmp_path, "6.18") is None


def test_merged_trees_show_all_files(tmp_path):
    """Directories that both have are merged, everything else is linked."""
    for name in ("one/include/linux/a.h", "one/include/both/b.h", "two/include/both/c.h", "two/include/generated/d.h"):
        _file(tmp_path / name)
    merge([tmp_path / "one", tmp_path / "two"], tmp_path / "merged")
    for name in ("linux/a.h", "both/b.h", "both/c.h", "generated/d.h"):
        assert (tmp_path / "merged/include" / name).read_text() == Path(name).name


def test_missing_headers_are_a_named_error():
    """One line of advice says what to install."""
    with pytest.raises(KernelUnavailable, match="linux-headers"), prepared({VARIABLE: "/nowhere"}):
        pass
