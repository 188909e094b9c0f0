"""What `collect` refuses before it asks Kafka: one line that says why, and exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("network-policy")


def refused(*words):
    """The command's one line, where no Kafka answers, which would be exit code 3."""
    words = [COMMAND, "collect", "--brokers", "127.0.0.1:1", *words]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("network-policy: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize(
    ("option", "value", "bound", "shown"),
    [
        ("spool-mib", "1e308", "1,048,576", "1e+308"),
        ("spool-dir-mib", "1e308", "1,048,576", "1e+308"),
        ("repeat", "1e308", "86,400", "1e+308"),
        ("scan", "1e308", "86,400", "1e+308"),
        ("interval", "1e300", "86,400", "1e+300"),
        ("flow-entries", "4294967297", "16,777,216", "4294967297"),
        ("map-entries", "1000000000", "16,777,216", "1000000000"),
    ],
)
def test_a_number_beyond_its_bound_is_refused(option, value, bound, shown):
    """The line names the option, the bound and the value."""
    said = refused(f"--{option}", value)
    assert option in said
    assert bound in said
    assert shown in said


@pytest.mark.parametrize(("option", "value"), [("interval", "1e300"), ("spool-mib", "1e308")])
def test_a_replay_has_the_same_bounds(option, value, tmp_path):
    """Before the recording is read: there is none here."""
    assert option in refused("--replay", tmp_path / "none", f"--{option}", value)


def test_strict_is_for_a_replay():
    """The kernel has no bad lines."""
    assert "--replay" in refused("--strict")


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_a_recording_without_a_connection_is_refused(tmp_path, text):
    """It is the wrong file, or the recording went wrong."""
    path = tmp_path / "recording.jsonl"
    path.write_text(text)
    said = refused("--replay", path)
    assert str(path) in said
    assert "holds no connection" in said


@pytest.mark.parametrize("words", [("--repeat", "5"), ("--spool-dir", "x"), ("--without", "udp"), ("--node", "n2")])
def test_a_replay_takes_no_option_of_watching(words):
    """It would be without effect; the line names it."""
    assert f"{words[0]} cannot be given with --replay" in refused("--replay", "recording.jsonl", *words)
