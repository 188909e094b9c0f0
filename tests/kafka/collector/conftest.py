"""A collector as a process of its own, and what it has published."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kernel_fixtures import cgroup, kernel, pair
from whole_topics import messages

from schemas.framing import Reader
from schemas.records import ConnectionBatch
from schemas.topics import CONNECTIONS

__all__ = ["cgroup", "kernel", "pair"]

PROGRAM = """
import logging, sys
from pathlib import Path
from collector.run import run
from collector.settings import CollectorSettings
from schemas.errors import NetpolError
from schemas.kafka import KafkaSettings
logging.basicConfig(level=logging.INFO)
brokers, prefix, cgroup, interval_s, batch_rows = sys.argv[1:]
kafka = KafkaSettings(brokers, cluster="test", topic_prefix=prefix)
try:
    run(CollectorSettings(
        kafka, node="n1", interval_s=float(interval_s), cgroup=Path(cgroup), batch_rows=int(batch_rows)
    ))
except NetpolError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


class Collector:
    """A running collector."""

    def __init__(self, process: subprocess.Popen, log: Path):
        self.process = process
        self.log = log

    def wait_until_ready(self):
        """Returns when it has said so."""
        deadline = time.monotonic() + 30
        while "collect ready" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def stop(self) -> int:
        """End it as a DaemonSet would; its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=20)


@pytest.fixture
def start_collector(kafka, cgroup, tmp_path):
    """Starts collectors of the test's cgroup; they end with the test."""
    with contextlib.ExitStack() as stack:

        def start(interval_s=0.2, batch_rows=10_000):
            log = tmp_path / f"collector-{time.monotonic_ns()}.log"
            settings = [kafka.brokers, kafka.topic_prefix, str(cgroup), str(interval_s), str(batch_rows)]
            with log.open("wb") as stderr:
                process = subprocess.Popen([sys.executable, "-c", PROGRAM, *settings], stderr=stderr)
            stack.callback(process.wait)
            stack.callback(process.kill)
            collector = Collector(process, log)
            collector.wait_until_ready()
            return collector

        yield start


@pytest.fixture
def published(kafka):
    """Reads every batch in the topic, with its key and partition."""

    def read():
        return [
            (message.key().decode(), message.partition(), batch(message.value()))
            for message in messages(kafka, CONNECTIONS)
        ]

    batch = Reader(ConnectionBatch)
    return read
