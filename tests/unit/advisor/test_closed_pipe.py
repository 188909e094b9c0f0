"""A reader that has seen enough ends a command, and that is no error."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from advisor.cli import LazyGroup, cli
from schemas.errors import Unavailable

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


@pytest.fixture
def nobody_reads():
    """A pipe whose reader has left."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def _said(writing, *words):
    done = subprocess.run([COMMAND, *words], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_closed_pipe_is_the_end_and_no_error(tmp_path, nobody_reads):
    """Exit code 0, and not a word: neither ours nor the interpreter's."""
    recording = tmp_path / "recording.jsonl"
    recording.write_text(json.dumps(LINE) + "\n")
    assert _said(nobody_reads, "report", "--quiet", "--input", recording) == ""


@pytest.mark.parametrize("words", [("--help",), ("report", "--help")])
def test_help_needs_no_reader_either(nobody_reads, words):
    """The group's, and a command's."""
    assert _said(nobody_reads, *words) == ""


def test_another_broken_pipe_is_an_error(monkeypatch):
    """A connection or a program that ended must not look like success while standard output is read."""

    def fail():
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(LazyGroup, "get_command", lambda *_: click.Command("report", callback=fail))
    with pytest.raises(Unavailable, match="Broken pipe"):
        cli.main(["report"], standalone_mode=False)
