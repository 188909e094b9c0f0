"""The installed programs as processes against a test's own topics; whatever a stream worker takes is accounted for."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from accounting import assert_accounted
from whole_topics import backlog

from advisor.processes import Child
from schemas.framing import Reader
from schemas.kafka import KafkaSettings, TopicPartition, consumer, require_topics
from schemas.topics import CONNECTIONS, WORKLOAD_EDGES, Topic
from streams.worker.app import GROUP

COMMAND = str(Path(sys.executable).with_name("network-policy"))
READY_S = 60
TAKEN_S = 60


class Programs:
    """Programs that end with the test.

    Args:
        kafka: As the test sees it.
        logs: Of the programs.
        brokers: As the programs see them, if that is not the same.
    """

    def __init__(self, kafka: KafkaSettings, logs: Path, brokers: str = "") -> None:
        self.kafka = kafka
        self.logs = logs
        self.running: list[Child] = []
        self._brokers = brokers or kafka.brokers
        self._unaccounted = ""

    def start(self, name: str, *options: object, ready: bool = True) -> Child:
        """Start a program, and wait until it says that it is ready."""
        where = ["--brokers", self._brokers, "--topic-prefix", self.kafka.topic_prefix]
        cluster = () if name == "stream" else ("--cluster", self.kafka.cluster)  # a stream serves all clusters
        command = [COMMAND, name, *where, *cluster, *map(str, options)]
        child = Child.start(name, command, self.logs / f"{name}-{len(self.running)}.log")
        self.running.append(child)
        if ready:
            child.wait_for(f"{name} ready", READY_S)
        return child

    def unaccounted(self, why: str) -> None:
        """No account can be made of what a stream worker takes in this test; `why` says the reason."""
        assert why.strip(), "a reason"
        self._unaccounted = why

    def account(self) -> None:
        """Law 4, if there was a stream worker: it has taken all that was published, and no connection is missing."""
        workers = [child for child in self.running if child.name == "stream"]
        if not workers or self._unaccounted:
            return
        group = f"{self.kafka.topic_prefix}{GROUP}"
        within_s = TAKEN_S if any(child.exit_code is None for child in workers) else 0
        for topic in (CONNECTIONS, WORKLOAD_EDGES):
            taken = partial(lambda one: not backlog(self.kafka, one, group), topic)
            wait_until(taken, within_s, f"all of {topic.name} taken")
        assert_accounted(self.kafka)


@contextmanager
def programs(kafka: KafkaSettings, logs: Path, brokers: str = "") -> Iterator[Programs]:
    """A set of programs, ended in reverse order; when all went well so far, law 4 must hold before that."""
    started = Programs(kafka, logs, brokers)
    try:
        yield started
        started.account()
    finally:
        for child in reversed(started.running):
            child.stop()


def records(kafka: KafkaSettings, topic: Topic, quiet_s: float = 2.0) -> list:
    """Every record of a topic from its beginning, until nothing comes for a while."""
    client = consumer(kafka, "test-reader")
    (partitions,) = require_topics(kafka, [topic]).values()
    client.assign([TopicPartition(kafka.topic(topic), number, 0) for number in range(partitions)])
    read, found = Reader(topic.record), []
    try:
        while (message := client.poll(quiet_s)) is not None:
            assert message.error() is None, message.error()
            if message.value() is not None:
                found.append(read(message.value()))
    finally:
        client.close()
    return found


def files_of(directory: Path) -> dict[str, str]:
    """Every file below a directory, by its relative path."""
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def wait_until(condition, timeout_s: float, what: str) -> None:
    """Poll a condition; fails the test with `what` after the time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain: {what}"
        time.sleep(0.1)
