"""The program is attached while its owner lives, and gone when it ends, however it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from namespaces import SERVER, connect

from collector.drain import counted
from collector.probe import MapSizes, Node, edges_spec
from collector.syscall import program_ids

pytestmark = pytest.mark.kernel

SPEC = edges_spec(MapSizes(64, 64, 64), Node())
ATTACH_TYPES = tuple(program.attach_type for program in SPEC.programs)

OWNER = """
import sys, time
from pathlib import Path
from collector.drain import counted
from collector.node import node_facts
from collector.probe import MapSizes, edges_spec
with counted(edges_spec(MapSizes(64, 64, 64), node_facts(Path(sys.argv[1]))), Path(sys.argv[1])):
    print("attached", flush=True)
    time.sleep(60)
"""


def _programs(cgroup: Path) -> tuple[int, ...]:
    descriptor = os.open(cgroup, os.O_RDONLY)
    try:
        return tuple(one for kind in ATTACH_TYPES for one in program_ids(descriptor, kind))
    finally:
        os.close(descriptor)


def _gone(cgroup: Path) -> bool:
    deadline = time.monotonic() + 5
    while _programs(cgroup) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not _programs(cgroup)


def test_leaving_the_block_detaches(cgroup):
    """Attached inside, gone outside."""
    with counted(SPEC, cgroup):
        assert len(_programs(cgroup)) == len(ATTACH_TYPES) == 6
    assert _gone(cgroup)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_a_killed_owner_leaves_no_program(cgroup, number):
    """The link ends with its owner: nothing to clean up at the next start."""
    with subprocess.Popen([sys.executable, "-c", OWNER, cgroup], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "attached\n"
        assert len(_programs(cgroup)) == len(ATTACH_TYPES) == 6
        owner.send_signal(number)
    assert _gone(cgroup)


def test_two_collectors_see_the_same(pair, watch):
    """Another program on the cgroup stays, and neither disturbs the other."""
    one, other = watch(), watch()
    with pair.server.listen(socket.AF_INET, SERVER, 80) as listening:
        connect(pair.client, listening, (SERVER, 80), 31)
    assert [sum(row.count for row in watched.rows()) for watched in (one, other)] == [62, 62]


def test_what_was_counted_is_there_after_the_programs_are_gone(pair, watch):
    """So an end detaches first and drains then: nothing begins between the two that nobody tells."""
    watched = watch()
    with pair.server.listen(socket.AF_INET, SERVER, 80) as listening:
        connect(pair.client, listening, (SERVER, 80), 5)
        watched.source.detach()
        connect(pair.client, listening, (SERVER, 80), 3)
    assert sum(row.count for row in watched.rows()) == 10
