"""The embedded Kafka ends with its owner, and leaves nothing behind."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from advisor.kafka_server import KafkaServer
from advisor.kafka_server.server import remove_abandoned
from advisor.processes import Child
from schemas.errors import Unavailable

pytestmark = pytest.mark.kafka
OWNER = """
import time
from advisor.kafka_server import KafkaServer
with KafkaServer.start() as server:
    print(server._child.pid, server._config.directory, flush=True)
    time.sleep(600)
"""


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_kafka_ends_when_its_owner_is_killed():
    """SIGKILL gives the owner no chance to clean up; the kernel ends Kafka, the next run removes the data."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    pid, directory = owner.stdout.readline().split()
    owner.kill()
    owner.wait()
    owner.stdout.close()
    wait_until(lambda: not Path("/proc", pid, "cmdline").exists() or not Path("/proc", pid, "cmdline").read_bytes())
    assert Path(directory).is_dir()
    remove_abandoned(Path(directory).parent)
    assert not Path(directory).exists()


def test_the_data_folder_of_a_living_owner_stays(kafka_server):
    """Two runs at once do not remove each other's data."""
    directory = kafka_server._config.directory
    remove_abandoned(directory.parent)
    assert directory.is_dir()


def test_a_restarted_server_keeps_address_and_data():
    """As after a crash: the topics are still there."""
    from schemas.kafka import KafkaSettings, partitions_of
    from schemas.topic_admin import Layout, create_topics

    with KafkaServer.start() as server:
        settings = KafkaSettings(server.brokers)
        create_topics(settings, Layout(partitions=3))
        server.kill()
        server.restart()
        assert partitions_of(settings)["netpol.connections"] == 3


def test_a_child_that_ends_early_is_reported_with_its_last_words(tmp_path):
    """No waiting for a line that will never come."""
    child = Child.start("shell", ["sh", "-c", "echo something is wrong; exit 7"], tmp_path / "log")
    with pytest.raises(Unavailable, match=r"shell ended with code 7:\nsomething is wrong"):
        child.wait_for("ready", 10)


def test_a_command_that_does_not_exist_is_a_clear_error(tmp_path):
    """It names the program."""
    with pytest.raises(Unavailable, match=r"cannot start nothing \(/no/such\): No such file"):
        Child.start("nothing", ["/no/such"], tmp_path / "log")


def test_a_cluster_id_may_begin_with_a_dash(monkeypatch):
    """One random id in 64 does; Kafka's tool must not take it for an option."""
    monkeypatch.setattr("advisor.kafka_server.server._cluster_id", lambda: "-BCDEFGHIJKLMNOPQRSTUw")
    with KafkaServer.start() as server:
        assert server.brokers
