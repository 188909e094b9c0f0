"""What an older collector left attached is taken off; what is another's, or in use, stays."""

import logging
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from collector import leftovers, syscall
from collector.syscall import EGRESS_ATTACH, SOCK_OPS_ATTACH

pytestmark = pytest.mark.kernel

PASS = b"\xb7\0\0\0\1\0\0\0" + b"\x95" + bytes(7)
"""Return 1, in raw instructions."""
TYPES = {SOCK_OPS_ATTACH: syscall.SOCK_OPS_PROGRAM, EGRESS_ATTACH: syscall.CGROUP_SKB_PROGRAM}
OWNER = """
import os, sys, time
from collector import syscall
cgroup, hook, kind, name, by_link = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5] == "link"
program = syscall.program_load(kind, bytes.fromhex(sys.argv[6]), hook, name.encode())
directory = os.open(cgroup, os.O_RDONLY)
held = (syscall.link_create if by_link else syscall.program_attach)(program, directory, hook)
print("attached", flush=True)
time.sleep(60)
"""


@contextmanager
def owner(cgroup, name, hook=SOCK_OPS_ATTACH, how="attach"):
    """A process that has a program attached."""
    words = [cgroup, str(hook), str(TYPES[hook]), name, how, PASS.hex()]
    with subprocess.Popen([sys.executable, "-c", OWNER, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "attached\n"
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def names(cgroup):
    """The names of all programs on the cgroup."""
    with leftovers._opened(cgroup) as directory:
        hooks = (SOCK_OPS_ATTACH, EGRESS_ATTACH)
        return [leftovers._identity(number)[1] for hook in hooks for number in syscall.program_ids(directory, hook)]


@pytest.mark.parametrize(
    ("name", "hook"),
    [("tcp_edges", SOCK_OPS_ATTACH), ("netpol_tcp", SOCK_OPS_ATTACH), ("netpol_udp_out", EGRESS_ATTACH)],
)
def test_a_program_whose_owner_was_killed_is_detached(cgroup, name, hook):
    """Attached without a link it outlives kill -9; the next start takes it off, and says so."""
    with owner(cgroup, name, hook):
        pass
    assert names(cgroup) == [name.encode()]
    (sentence,) = leftovers.programs(cgroup)
    assert f"the program {name} " in sentence
    assert names(cgroup) == []
    assert leftovers.programs(cgroup) == ()


@pytest.mark.parametrize(
    ("name", "hook"), [("other_edges", SOCK_OPS_ATTACH), ("tcp_edges", EGRESS_ATTACH), ("netpo", SOCK_OPS_ATTACH)]
)
def test_a_program_of_another_name_stays(cgroup, name, hook):
    """Whoever attached it; our old name counts for our old type only."""
    with owner(cgroup, name, hook):
        pass
    assert leftovers.programs(cgroup) == ()
    assert names(cgroup) == [name.encode()]


def test_a_program_that_a_link_holds_stays(cgroup):
    """It is another collector's that runs."""
    with owner(cgroup, "netpol_tcp", how="link"):
        assert leftovers.programs(cgroup) == ()
        assert names(cgroup) == [b"netpol_tcp"]


def test_a_program_whose_owner_lives_stays(cgroup, caplog):
    """An older version that still runs, as in a rolling update, is not made blind."""
    caplog.set_level(logging.INFO, "collector.leftovers")
    with owner(cgroup, "tcp_edges") as process:
        assert leftovers.programs(cgroup) == ()
        assert names(cgroup) == [b"tcp_edges"]
        assert f"process {process.pid} has it" in caplog.text
    assert len(leftovers.programs(cgroup)) == 1


def test_of_many_only_what_nobody_holds_goes(cgroup):
    """Two left behind, one in use, one foreign."""
    with ExitStack() as stack:
        stack.enter_context(owner(cgroup, "netpol_linked", how="link"))
        for name in ("tcp_edges", "netpol_a", "foreign"):
            with owner(cgroup, name):
                pass
        assert len(leftovers.programs(cgroup)) == 2
        assert sorted(names(cgroup)) == [b"foreign", b"netpol_linked"]


def clear_with(capabilities, cgroup):
    """What a process with these capabilities clears, and what it says."""
    code = "import sys, logging; logging.basicConfig(level=20); from pathlib import Path\n"
    code += "from collector.leftovers import programs; print(programs(Path(sys.argv[1])))"
    command = ["setpriv", f"--bounding-set=-all,{capabilities}", sys.executable, "-c", code, cgroup]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_without_the_privilege_nothing_is_touched_and_it_is_said(cgroup):
    """Who may not see the links cannot tell what is in use."""
    with owner(cgroup, "tcp_edges"):
        pass
    cleared, said = clear_with("+bpf,+net_admin", cgroup)
    assert cleared == "()\n"
    assert "not looked for: CAP_SYS_ADMIN is needed" in said
    assert names(cgroup) == [b"tcp_edges"]


def test_who_may_not_look_into_processes_takes_none_for_ended(cgroup):
    """A Python process with more capabilities might be the owner; here it is."""
    with owner(cgroup, "tcp_edges"):
        cleared, said = clear_with("+sys_admin", cgroup)
        assert cleared == "()\n"
        assert "may have it, and looking needs CAP_SYS_PTRACE" in said
        assert names(cgroup) == [b"tcp_edges"]


def test_a_cgroup_that_is_not_there_stops_nothing(tmp_path):
    """Attaching to it will fail, and say it better."""
    assert leftovers.programs(tmp_path / "nowhere") == ()


def test_no_descriptor_is_left_open(cgroup):
    """Looking is free of traces."""
    with owner(cgroup, "netpol_tcp", how="link"), owner(cgroup, "foreign"):
        before = list(Path("/proc/self/fd").iterdir())
        leftovers.programs(cgroup)
        assert list(Path("/proc/self/fd").iterdir()) == before
