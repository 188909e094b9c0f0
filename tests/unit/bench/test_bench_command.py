"""How a benchmark ends before it is done: in order, and with one line at the most."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = """
import os, signal
from bench.command import in_order

with in_order("bench.x"):
    try:
        os.kill(os.getpid(), signal.{name})
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        print("removed")
print("not reached")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_after_its_clean_up(name):
    """A further signal does not disturb that."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(name=name)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "removed\n", "")


def test_what_is_missing_is_one_line_and_its_exit_code(capsys):
    """No traceback."""
    from bench.command import in_order
    from schemas.errors import Unavailable

    with pytest.raises(SystemExit) as ended, in_order("bench.x"):
        raise Unavailable("no gcc")
    assert ended.value.code == 3
    assert capsys.readouterr().err == "bench.x: no gcc\n"


def test_signals_are_as_before_afterwards():
    """In a program that goes on."""
    from bench.command import in_order

    before = signal.getsignal(signal.SIGTERM)
    with in_order("bench.x"):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
