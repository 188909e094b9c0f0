"""Fixtures of every test that needs the kernel: a named lack as the only reason to skip, namespaces, and a cgroup."""

import os
import uuid
from pathlib import Path

import namespaces
import pytest

from collector import doctor, link


@pytest.fixture(scope="session")
def kernel():
    """The kernel has all that is needed; a named lack is the only reason to skip."""
    lacking = [f"{check.name}: {check.found}" for check in doctor.checks() if not check.ok]
    if lacking:
        pytest.skip("; ".join(lacking))


@pytest.fixture
def pair(kernel):
    """Two joined network namespaces."""
    with namespaces.namespace_pair() as joined:
        yield joined


@pytest.fixture
def cgroup(kernel):
    """A cgroup that holds this process for the time of the test, so that no other traffic is counted."""
    root = link.root_cgroup()
    before = next(
        line.removeprefix("0::") for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0:")
    )
    own = root / f"npt-{uuid.uuid4().hex[:8]}"
    own.mkdir()
    (own / "cgroup.procs").write_text(str(os.getpid()))
    yield own
    (root / before.strip("/") / "cgroup.procs").write_text(str(os.getpid()))
    own.rmdir()
