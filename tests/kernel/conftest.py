"""What kernel tests share: a reason to skip that is a named lack, two namespaces, and a cgroup of the test's own."""

import contextlib
import os
import uuid
from collections import Counter
from dataclasses import replace
from pathlib import Path

import namespaces
import pytest

from collector import doctor, link
from collector.batch import Boot, Progress, batches_of
from collector.drain import counted
from collector.probe import edges_spec


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


class Watched:
    """An edge source, read as a person would: what was seen since the last look."""

    def __init__(self, source):
        self.source = source
        self.boot = Boot("c", "n", "b", batch_rows=100_000)
        self.progress = Progress(0)
        self.ignored = {}
        self.losses = {}

    def rows(self):
        """The connections since the last look; keeps the ledger."""
        (batch,), self.progress = batches_of(self.boot, self.progress, self.source.drain(), {})
        self.ignored, self.losses = dict(batch.ignored), dict(batch.losses)
        return list(batch.rows())


@pytest.fixture
def watch(cgroup):
    """Opens an edge source on the test's cgroup, with so many map entries."""
    with contextlib.ExitStack() as stack:

        def start(map_entries=4096, **defines):
            spec = edges_spec(map_entries)
            spec = replace(spec, defines=(*spec.defines, *defines.items()))
            return Watched(stack.enter_context(counted(spec, cgroup)))

        yield start


@pytest.fixture
def counts():
    """Counts of connections by what is asked of them."""

    def count(rows, key):
        total = Counter()
        for row in rows:
            total[key(row)] += row.count
        return dict(total)

    return count
