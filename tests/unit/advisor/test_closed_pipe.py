"""A reader that has seen enough ends a command, and that is no error."""

import json
import os
import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).with_name("network-policy")
LINE = {
    "workload": {"namespace": "demo", "kind": "Deployment", "name": "a", "selector": {"app": "a"}},
    "role": "server",
    "peer": {"kind": "external", "address": "203.0.113.7"},
    "protocol": "TCP",
    "port": 80,
    "count": 1,
    "first_seen": "2026-01-02T03:04:05Z",
    "last_seen": "2026-01-02T03:04:05Z",
}


def test_a_closed_pipe_is_the_end_and_no_error(tmp_path):
    """Exit code 0, and not a word: neither ours nor the interpreter's."""
    recording = tmp_path / "recording.jsonl"
    recording.write_text(json.dumps(LINE) + "\n")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [COMMAND, "report", "--input", recording], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert done.returncode == 0, done.stderr
    assert "Broken pipe" not in done.stderr
    assert "Exception ignored" not in done.stderr
