"""What a node's agent and the small programs load: numpy and Faust take memory, and stay with the workers."""

import subprocess
import sys

import pytest

HEAVY = {"numpy", "faust", "kubernetes"}
LIGHT = (
    "collect",
    "doctor",
    "explain",
    "follow",
    "monitor",
    "snapshot",
    "status",
    "synthesize",
    "topics",
    "violations",
)
CODE = "import importlib, sys; importlib.import_module('advisor.commands.{}'); print(*sys.modules)"


def loaded(command):
    """The heavy ones among the modules that are there once the command could run."""
    done = subprocess.run([sys.executable, "-c", CODE.format(command)], capture_output=True, text=True, check=True)
    return HEAVY.intersection(done.stdout.split())


@pytest.mark.parametrize("command", LIGHT)
def test_a_small_program_loads_nothing_heavy(command):
    assert loaded(command) <= ({"kubernetes"} if command == "follow" else set())


def test_the_check_would_notice():
    """A worker does load them."""
    assert {"numpy", "faust"} <= loaded("stream")
