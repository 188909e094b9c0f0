"""What kernel tests share: an edge source on a cgroup of the test's own, read as a person would."""

import contextlib
from collections import Counter
from dataclasses import replace

import pytest
from held_connections import held, scanner
from kernel_fixtures import cgroup, kernel, pair

from collector.batch import Boot, Progress, batches_of
from collector.drain import counted
from collector.node import node_facts
from collector.probe import MapSizes, edges_spec

__all__ = ["cgroup", "held", "kernel", "pair", "scanner"]


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
    """Opens an edge source on the test's cgroup, with so many map entries, or other facts of the node."""
    with contextlib.ExitStack() as stack:

        def start(map_entries=4096, *, flows=4096, node=None, **defines):
            spec = edges_spec(MapSizes(map_entries, flows, 1024), node or node_facts(cgroup))
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
