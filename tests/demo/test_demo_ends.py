"""However the demo ends, it removes what it made."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advisor.demo import network

COMMAND = Path(sys.executable).with_name("network-policy")

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.usefixtures("untouched_machine"),
]


def heeding_ctrl_c():
    """As in a terminal: a shell's background job, and so all it starts, would ignore SIGINT (POSIX, "sh")."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Running:
    """A demo that somebody will end."""

    def __init__(self, folder, *options):
        self.log = folder / "said.log"
        self.output = folder / "policies"
        with self.log.open("wb") as said:
            command = [COMMAND, "demo", "--output", self.output, "--work", folder / "work", *options]
            self.process = subprocess.Popen(
                command,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=heeding_ctrl_c,  # noqa: PLW1509  one call, safe after fork
            )

    def wait_for(self, pattern, timeout_s=60.0):
        """Until the demo says so."""
        deadline = time.monotonic() + timeout_s
        while not re.search(pattern, self.log.read_text()):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def children(self):
        """Its direct children's ids."""
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def end(self, number):
        """Send a signal, Ctrl-C to the whole group as a terminal does; the exit code."""
        if number == signal.SIGINT:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def demo(tmp_path, request):
    running = Running(tmp_path, *request.param)
    yield running
    running.process.kill()
    running.process.wait()


@pytest.mark.parametrize("demo", [["--duration", "100"]], indirect=True)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_demo_and_its_processes(demo, number, code):
    """Ctrl-C or SIGTERM in the midst of the traffic: the usual exit code, no process, no namespace."""
    demo.wait_for(r"pods +\d+ pods answer")
    children = demo.children()
    assert demo.end(number) == code, demo.log.read_text()
    assert len(children) > 15
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("demo", [["--duration", "100"]], indirect=True)
def test_no_process_outlives_a_killed_demo(demo):
    """After kill -9 pods, programs and Kafka end by themselves; the next demo removes the namespaces."""
    demo.wait_for(r"pods +\d+ pods answer")
    children = demo.children()
    assert demo.end(signal.SIGKILL) == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while [pid for pid in children if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    network.remove()


@pytest.mark.parametrize("demo", [["--keep"]], indirect=True)
def test_with_keep_a_person_ends_it(demo):
    """It goes on until Ctrl-C, which then is the usual end: the table, and exit 0."""
    demo.wait_for(r"suggestions +12 of 12")
    assert demo.end(signal.SIGINT) == 0, demo.log.read_text()
    assert "demo/cartservice-network.yaml" in demo.log.read_text()
