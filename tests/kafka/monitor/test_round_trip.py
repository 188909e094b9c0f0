"""One recording, two ways to its policies: straight by `report`, and through Kafka, Faust and `monitor`."""

import contextlib
import io
import sys
import time
from pathlib import Path

import pytest

from advisor.processes import Child
from advisor.recorded.windows import CLUSTER
from advisor.report import read, report_of
from streams.objects import load_objects
from synthesizer.options import Isolation

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

COMMAND = str(Path(sys.executable).with_name("network-policy"))
CLINIC = Path(__file__).parents[2] / "golden" / "report" / "clinic"


@pytest.fixture
def programs(kafka, tmp_path):
    """Starts our own programs on the test's topics; they end with the test."""
    options = ["--brokers", kafka.brokers, "--topic-prefix", kafka.topic_prefix, "--cluster", kafka.cluster]
    with contextlib.ExitStack() as stack:

        def start(name, *more):
            child = Child.start(name, [COMMAND, name, *options, *more], tmp_path / f"{name}.stderr")
            stack.callback(child.stop)
            return child

        yield start


def policies(data, objects=()):
    return report_of(read(io.BytesIO(data), objects, lambda bad: pytest.fail(bad.reason)), Isolation.BOTH).documents


def test_monitor_and_report_agree_with_report_alone(programs, monitor):
    """Raw lines replayed as if they were seen, windowed by Faust, recorded by monitor: the same bytes of YAML."""
    programs("follow", "--objects", str(CLINIC / "objects.yaml")).wait_for("follow ready", 30)
    programs("stream").wait_for("stream ready", 60)
    recording = monitor()
    assert programs("collect", "--replay", str(CLINIC / "input.jsonl")).wait(60) == 0
    expected = policies((CLINIC / "input.jsonl").read_bytes(), load_objects([CLINIC / "objects.yaml"], CLUSTER))
    deadline = time.monotonic() + 60
    while policies(recording.output.read_bytes()) != expected and time.monotonic() < deadline:
        time.sleep(0.5)
    assert policies(recording.output.read_bytes()) == expected
