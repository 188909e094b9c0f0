"""What `monitor` says when it cannot begin."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.kafka
COMMAND = str(Path(sys.executable).with_name("network-policy"))


def run(*options, **environment):
    command = [COMMAND, "monitor", *options]
    return subprocess.run(command, capture_output=True, check=False, text=True, env={**os.environ, **environment})


def test_a_broker_that_does_not_answer():
    """Exit 3, with the address."""
    result = run("--brokers", "127.0.0.1:1")
    assert result.returncode == 3
    assert "127.0.0.1:1" in result.stderr


def test_a_topic_that_does_not_exist(kafka):
    """Exit 3, with the command that creates it."""
    result = run("--brokers", kafka.brokers, "--topic-prefix", "none.")
    assert result.returncode == 3
    assert "network-policy topics" in result.stderr


def test_an_output_that_cannot_be_written(kafka):
    """Exit 2, with the path."""
    options = ["--brokers", kafka.brokers, "--topic-prefix", kafka.topic_prefix]
    result = run(*options, "--output", "/nowhere/networktrace.log", "--duration", "1")
    assert result.returncode == 2
    assert "/nowhere/networktrace.log" in result.stderr


def test_the_brokers_may_come_from_the_environment():
    """As the tutorial does it; without either, Kafka's usual address stands."""
    result = run(NETPOL_BROKERS="127.0.0.1:2")
    assert result.returncode == 3
    assert "127.0.0.1:2" in result.stderr
