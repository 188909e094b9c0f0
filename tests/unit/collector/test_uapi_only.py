"""The eBPF programs use what the kernel promises to keep, so that the headers of any kernel compile them."""

import re
from pathlib import Path

import pytest

from collector import probe

SOURCES = sorted(Path(probe.__file__).parent.glob("bpf/*.[ch]"))
INTERNAL = re.compile(r"\bbpf_(?:probe_read\w*|core_\w+)|\bcontainer_of|\bstruct (?:sock|task_struct)\b")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_only_uapi_headers_are_included(source):
    """Those under include/uapi."""
    included = re.findall(r"^\s*#\s*include\s*(.*)$", source.read_text(), re.MULTILINE)
    assert [name for name in included if not re.fullmatch(r"<uapi/[a-z0-9_/]+\.h>", name)] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_memory_of_the_kernel_is_read(source):
    """Its structures differ from kernel to kernel: an offset of other headers reads the wrong field."""
    assert (
        re.findall(
            r"\bbpf_(?:probe_read\w*|core_\w+)|\bcontainer_of|\bstruct (?:sock|task_struct)\b", source.read_text()
        )
        == []
    )


def test_there_are_programs():
    """Or the tests above would look at nothing."""
    assert {"edges.c"} <= {path.name for path in SOURCES}
