"""`monitor --local | head -1`: the end of the reader is the end of the monitor."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from namespaces import SERVER, connect

pytestmark = pytest.mark.kernel

COMMAND = Path(sys.executable).with_name("network-policy")


def test_the_reader_leaves_after_one_line(pair, cgroup):
    """Exit code 0, and nothing said of it."""
    words = [COMMAND, "monitor", "--local", "--node", "n1", "--interval", "0.1", "--cgroup", cgroup]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            while "monitor ready" not in (line := process.stderr.readline()):
                assert line, "it ended before it was ready"
            deadline = time.monotonic() + 20
            port = 8000
            while process.poll() is None and time.monotonic() < deadline:
                port += 1
                with pair.server.listen(socket.AF_INET, SERVER, port) as listening:
                    connect(pair.client, listening, (SERVER, port), 1)
                if not process.stdout.closed:
                    assert process.stdout.readline().startswith("{")
                    process.stdout.close()
                time.sleep(0.2)
            said = process.stderr.read() if process.poll() is not None else "it goes on"
        finally:
            process.kill()
    assert (process.returncode, said) == (0, "")
