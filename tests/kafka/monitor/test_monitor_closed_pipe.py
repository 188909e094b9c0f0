"""`monitor | head -1`: the end of the reader is the end of the monitor."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.kafka

COMMAND = Path(sys.executable).with_name("network-policy")


def test_the_reader_leaves_after_one_line(kafka, publish, shop):
    """Exit code 0, and nothing said of it."""
    where = ["--brokers", kafka.brokers, "--topic-prefix", kafka.topic_prefix, "--cluster", kafka.cluster]
    words = [COMMAND, "monitor", *where, "--from-beginning"]
    publish(shop[0])
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert process.stdout.readline().startswith("{")
            process.stdout.close()
            publish(shop[1])
            code = process.wait(30)
            said = process.stderr.read()
        finally:
            process.kill()
    assert code == 0, said
    assert [line for line in said.splitlines() if "monitor ready" not in line] == []
