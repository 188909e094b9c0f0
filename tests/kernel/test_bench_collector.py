"""The collector's benchmark: all its phases, its last line, and what it leaves behind however it ends."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advisor.kafka_server.artifacts import cache_root
from collector.link import root_cgroup

ROOT = Path(__file__).parents[2]
KEYS = {
    "rate_ratio",
    "p99_ratio",
    "user_cpu_s_per_million_connections",
    "user_core_share_at_1000_per_s",
    "kernel_ns_per_connection",
    "rss_mib",
    "kafka_bytes_per_edge",
    "uncounted_loss",
}

pytestmark = [pytest.mark.kernel, pytest.mark.kafka, pytest.mark.slow, pytest.mark.usefixtures("kernel")]


def start(folder):
    """The benchmark in its short form; what it says goes to files."""
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        command = [sys.executable, "-m", "bench.collector", "--quick"]
        return subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=err, start_new_session=True)


def left_by(pid):
    """What a run with this process id has made and not removed."""
    places = (
        (Path("/run/netns"), f"npbench-{pid}*"),
        (root_cgroup(), f"npbench-{pid}*"),
        (cache_root() / "run", f"kafka-run-{pid}-*"),
    )
    return [str(path) for place, pattern in places for path in place.glob(pattern)]


def test_all_phases_run_and_no_connection_is_lost_uncounted(tmp_path):
    """The figures are there and can be true; bounds are wide, for a machine that does something else too."""
    running = start(tmp_path)
    assert running.wait(280) == 0, (tmp_path / "err").read_text()
    figures = json.loads((tmp_path / "out").read_text().splitlines()[-1])
    assert set(figures) == KEYS
    assert figures["uncounted_loss"] == 0, (tmp_path / "out").read_text()
    assert all(math.isfinite(figures[key]) and figures[key] > 0 for key in KEYS - {"uncounted_loss"}), figures
    assert figures["rss_mib"] < 100
    assert figures["kafka_bytes_per_edge"] < 40
    assert figures["user_core_share_at_1000_per_s"] < 0.5
    assert left_by(running.pid) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_a_run_that_is_ended_early_removes_what_it_made(tmp_path, number):
    """Namespaces, the cgroup, Kafka and its data; also when the signal comes in the middle of a load."""
    running = start(tmp_path)
    deadline = time.monotonic() + 60
    while "rate ratios" not in (tmp_path / "err").read_text():
        assert running.poll() is None, (tmp_path / "err").read_text()
        assert time.monotonic() < deadline, "no pair was measured in a minute"
        time.sleep(0.1)
    assert left_by(running.pid) != []
    os.killpg(running.pid, number)
    assert running.wait(60) == 130
    assert left_by(running.pid) == []


def test_the_price_of_the_hooks_is_measured_by_set():
    """Every set of programs has its ratios; the first is what the others are held against."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.collector.hooks", "--rounds", "1", "--seconds", "0.3"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["nothing"] == {"rate": 1.0, "cpu_ratio": 1.0}
    assert {"all of these, empty", "--without udp", "all of ours"} < set(figures)
    assert all(0.2 < ratio < 5 for pair in figures.values() for ratio in pair.values()), figures


def test_without_root_the_price_of_the_hooks_is_one_line_and_exit_code_3():
    """It says what it may not do."""
    command = [sys.executable, "-m", "bench.collector.hooks", "--rounds", "1", "--seconds", "0.3"]
    done = subprocess.run(
        ["setpriv", "--bounding-set=-all", *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 3
    assert done.stderr.startswith("bench.collector.hooks: ")
    assert done.stderr.count("\n") == 1


def test_the_hooks_measurement_that_is_terminated_removes_what_it_made(tmp_path):
    """Namespaces and the cgroup."""
    with (tmp_path / "err").open("wb") as err:
        command = [sys.executable, "-m", "bench.collector.hooks", "--rounds", "100"]
        running = subprocess.Popen(command, cwd=ROOT, stdout=err, stderr=err, start_new_session=True)
    deadline = time.monotonic() + 60
    while not any(str(root_cgroup()) in path for path in left_by(running.pid)):
        assert running.poll() is None, (tmp_path / "err").read_text()
        assert time.monotonic() < deadline, "no cgroup was made in a minute"
        time.sleep(0.1)
    running.terminate()
    assert running.wait(60) == 130
    assert left_by(running.pid) == []
