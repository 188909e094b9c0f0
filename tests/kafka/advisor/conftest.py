"""Suggestions and windows on the real Kafka, and the installed command that reads them."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from suggested import WRITE

from advisor.processes import Child
from schemas.framing import Writer
from schemas.kafka import producer
from schemas.records import WorkloadRef, WorkloadWindow
from schemas.topics import POLICY_SUGGESTIONS, WORKLOAD_WINDOWS, partition_of

COMMAND = str(Path(sys.executable).with_name("network-policy"))
PARTITIONS = 2
WRITE_WINDOW = Writer(WORKLOAD_WINDOWS.name, WorkloadWindow)


@pytest.fixture
def publish(kafka):
    """Writes suggestions and windows where their programs do; a pair is a key and the bytes, or None."""

    def send(*records):
        client = producer(kafka)
        for one in records:
            if isinstance(one, tuple):
                cluster, *ref = one[0].split("/")
                partition = partition_of(cluster, WorkloadRef(*ref), PARTITIONS)
                client.produce(kafka.topic(POLICY_SUGGESTIONS), key=one[0], value=one[1], partition=partition)
                continue
            window = isinstance(one, WorkloadWindow)
            topic, value = (WORKLOAD_WINDOWS, WRITE_WINDOW(one)) if window else (POLICY_SUGGESTIONS, WRITE(one))
            partition = partition_of(one.cluster, one.workload.ref, PARTITIONS)
            client.produce(kafka.topic(topic), key=one.key, value=value, partition=partition)
        assert client.flush(30) == 0

    return send


@pytest.fixture
def options(kafka):
    """How a command reaches the test's topics."""
    return ["--brokers", kafka.brokers, "--topic-prefix", kafka.topic_prefix, "--cluster", kafka.cluster]


@pytest.fixture
def command(options):
    """Runs one of our commands to its end."""

    def run(name, *more):
        called = [COMMAND, name, *options, *map(str, more)]
        return subprocess.run(called, capture_output=True, text=True, check=False, timeout=120)

    return run


@pytest.fixture
def killed(options, tmp_path):
    """Starts one of our commands and kills it after so many seconds."""

    def run(seconds, name, *more):
        child = Child.start(name, [COMMAND, name, *options, *map(str, more)], tmp_path / f"{name}.log")
        time.sleep(seconds)
        child.kill()

    return run
