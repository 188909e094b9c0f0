"""A worker that has lost its partition and does not know it: what it still writes never replaces its successor's.

old   ..emits 3 | stopped ......................... | emits 4 (stale)
new              reads back 3, emits 1001, 1002 ...
"""

from accounting import latest
from cluster_objects import CLUSTER, T0
from enriching import record_of
from stream_world import inventory, traffic

from streams.directory.directory import Directory
from streams.windows.window import Windows, WindowSpec

SPEC = WindowSpec(2_000, lateness=1_000)
DIRECTORY = Directory(inventory())
RECORDS = [record_of(DIRECTORY, one.batch) for one in traffic(T0)]
HALF = len(RECORDS) // 2


def worked(windows, records):
    emitted = []
    for record in records:
        windows.apply(record)
        emitted += windows.changed()
    return emitted


def test_a_late_writer_does_not_win():
    """It wakes up in the middle of a step, after its successor has emitted for the last time."""
    old, new = Windows(CLUSTER, SPEC), Windows(CLUSTER, SPEC)
    emitted = worked(old, RECORDS[:HALF])
    new.restore(emitted, [source for record in RECORDS[:HALF] for source in record.sources])
    emitted += worked(new, RECORDS[HALF:])
    before = latest(emitted)
    assert latest([*emitted, *worked(old, RECORDS[HALF : HALF + 50])]) == before


def test_revisions_grow_with_each_worker():
    made, emitted, highest = Windows(CLUSTER, SPEC), [], 0
    for begin in range(0, 90, 30):
        found = worked(made, RECORDS[begin : begin + 30])
        assert min(window.revision for window in found) > highest
        highest = max(window.revision for window in found)
        emitted += found
        made = Windows(CLUSTER, SPEC)
        made.restore(emitted, [source for record in RECORDS[: begin + 30] for source in record.sources])
