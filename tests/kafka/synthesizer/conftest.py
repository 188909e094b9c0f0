"""A synthesizer as a process of its own, and the topics around it."""

import sys
from collections.abc import Iterable

import pytest
from audited import Topics, heartbeat
from whole_topics import messages

from advisor.processes import Child
from schemas.framing import Reader, Writer
from schemas.kafka import producer
from schemas.records import (
    DeadLetter,
    InventoryObject,
    PolicySuggestion,
    PolicyViolation,
    WorkloadRef,
    WorkloadWindow,
    now_ms,
)
from schemas.topics import (
    DEAD_LETTERS,
    INVENTORY,
    POLICY_SUGGESTIONS,
    POLICY_VIOLATIONS,
    WORKLOAD_WINDOWS,
    partition_of,
)

PROGRAM = """
import logging, sys
from pathlib import Path
from schemas.errors import NetpolError
from schemas.kafka import KafkaSettings
from synthesizer.run import run
from synthesizer.settings import SynthesizerSettings
logging.basicConfig(level=logging.INFO)
brokers, prefix, output, batch, worker, gone_after = sys.argv[1:]
kafka = KafkaSettings(brokers, cluster="test", topic_prefix=prefix)
try:
    options = {"worker_id": worker, "batch": int(batch), "cycle_s": 0.1, "gone_after_s": float(gone_after)}
    run(SynthesizerSettings(kafka, Path(output), **options))
except NetpolError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""
PARTITIONS = 2


def _ref_of(key):
    return WorkloadRef(*key.decode().split("/")[1:])


class Bench:
    """The topics, and the synthesizers started on them."""

    def __init__(self, kafka, path):
        self.kafka = kafka
        self.output = path / "policies"
        self.logs = path
        self.children = []

    def start(self, batch=1000, *, ready=True, worker="one", gone_after=3600) -> Child:
        """A synthesizer that has said it is ready."""
        kafka = [self.kafka.brokers, self.kafka.topic_prefix]
        command = [sys.executable, "-c", PROGRAM, *kafka, self.output, batch, worker, gone_after]
        child = Child.start("synthesize", [str(part) for part in command], self.logs / f"{len(self.children)}.log")
        self.children.append(child)
        if ready:
            child.wait_for("synthesize ready", 60)
        return child

    def send(self, windows: Iterable[WorkloadWindow]):
        """Publish windows as `stream` does."""
        client, write = producer(self.kafka), Writer(WORKLOAD_WINDOWS.name, WorkloadWindow)
        for one in windows:
            partition = partition_of(one.cluster, one.workload.ref, PARTITIONS)
            client.produce(self.kafka.topic(WORKLOAD_WINDOWS), key=one.key, value=write(one), partition=partition)
        assert client.flush(30) == 0

    def inventory(self, *objects, time=None):
        """Publish objects as `follow` does, and then that all is complete up to a time."""
        client, write = producer(self.kafka), Writer(INVENTORY.name, InventoryObject)
        for one in objects:
            client.produce(self.kafka.topic(INVENTORY), key=one.key, value=write(one))
        assert client.flush(30) == 0
        for number in range(PARTITIONS):
            beat = heartbeat(now_ms() if time is None else time, number)
            client.produce(self.kafka.topic(INVENTORY), key=beat.key, value=write(beat), partition=number)
        assert client.flush(30) == 0

    def violations(self):
        """All records, in the order of each partition."""
        read = Reader(PolicyViolation)
        return [read(value) for _, value in self.records(POLICY_VIOLATIONS)]

    def standing(self):
        """The violations that stand, found as the topic's page says."""
        topics = Topics()
        topics.violations = self.violations()
        return topics.standing()

    def send_raw(self, topic, value, key=b"test/x/y/z"):
        """Publish bytes."""
        client = producer(self.kafka)
        client.produce(self.kafka.topic(topic), key=key, value=value, partition=0)
        assert client.flush(30) == 0

    def records(self, topic):
        """All of a topic's records, one partition after the other: keys and values."""
        found = sorted(messages(self.kafka, topic), key=lambda message: message.partition())
        return [(message.key(), message.value()) for message in found]

    def suggestions(self):
        """The latest suggestion of each workload that can be read."""
        read, latest = Reader(PolicySuggestion), {}
        for key, value in self.records(POLICY_SUGGESTIONS):
            if value is None:
                latest.pop(_ref_of(key), None)
            elif value.startswith(b"\xc3\x01"):
                suggestion = read(value)
                latest[suggestion.workload.ref] = suggestion
        return latest

    def dead_letters(self):
        """All of them."""
        read = Reader(DeadLetter)
        return [read(value) for _, value in self.records(DEAD_LETTERS)]

    def files(self):
        """Every file by its path inside the output directory."""
        found = (path for path in self.output.rglob("*") if path.is_file())
        return {str(path.relative_to(self.output)): path.read_text() for path in found}


@pytest.fixture
def bench(kafka, tmp_path):
    """Fresh topics, and no synthesizer left running."""
    made = Bench(kafka, tmp_path)
    yield made
    for child in made.children:
        child.stop()
