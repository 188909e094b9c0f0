"""One recording, two ways to its policies: straight by `report`, and through Kafka, Faust and `monitor`."""

import io
import time
from pathlib import Path

import pytest
from programs import programs

from advisor.recorded.windows import CLUSTER
from advisor.report import read, report_of
from streams.objects.files import load_objects
from synthesizer.options import Isolation

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

CLINIC = Path(__file__).parents[2] / "golden" / "report" / "clinic"


def policies(data, objects=()):
    return report_of(read(io.BytesIO(data), objects, lambda bad: pytest.fail(bad.reason)), Isolation.BOTH).documents


def test_monitor_and_report_agree_with_report_alone(kafka, monitor, tmp_path):
    """Raw lines replayed as if they were seen, windowed by Faust, recorded by monitor: the same bytes of YAML."""
    with programs(kafka, tmp_path / "logs") as run:
        run.start("follow", "--objects", CLINIC / "objects.yaml")
        run.start("stream")
        recording = monitor()
        assert run.start("collect", "--replay", CLINIC / "input.jsonl", ready=False).wait(60) == 0
        expected = policies((CLINIC / "input.jsonl").read_bytes(), load_objects([CLINIC / "objects.yaml"], CLUSTER))
        deadline = time.monotonic() + 60
        while policies(recording.output.read_bytes()) != expected and time.monotonic() < deadline:
            time.sleep(0.5)
        assert policies(recording.output.read_bytes()) == expected
