"""The benchmark of streams in its short form: all its parts, and its last line."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
KEYS = {
    "connections_per_cpu_second",
    "connections_per_second",
    "inventory_load_s",
    "inventory_rss_mib",
    "window_latency_p99_s",
    "curve",
}

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def test_all_parts_run_and_their_figures_can_be_true():
    """Bounds are wide, for a machine that does something else too."""
    command = [sys.executable, "-m", "bench.streams", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures.keys() == KEYS
    costs = figures.pop("curve")
    assert all(math.isfinite(value) and value > 0 for value in (*figures.values(), *costs.values())), figures
    assert figures["connections_per_cpu_second"] > 10_000
    assert figures["window_latency_p99_s"] < 20
    assert set(costs) == {"100", "400"}
