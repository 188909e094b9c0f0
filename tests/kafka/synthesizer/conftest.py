"""A synthesizer as a process of its own, and the topics around it."""

import sys
from collections.abc import Iterable

import pytest
from whole_topics import messages

from advisor.processes import Child
from schemas.framing import Reader, Writer
from schemas.kafka import producer
from schemas.records import DeadLetter, PolicySuggestion, WorkloadWindow
from schemas.topics import DEAD_LETTERS, POLICY_SUGGESTIONS, WORKLOAD_WINDOWS, partition_of

PROGRAM = """
import logging, sys
from pathlib import Path
from schemas.errors import NetpolError
from schemas.kafka import KafkaSettings
from synthesizer.run import run
from synthesizer.settings import SynthesizerSettings
logging.basicConfig(level=logging.INFO)
brokers, prefix, output, batch = sys.argv[1:]
kafka = KafkaSettings(brokers, cluster="test", topic_prefix=prefix)
try:
    run(SynthesizerSettings(kafka, Path(output), worker_id="one", batch=int(batch), cycle_s=0.1))
except NetpolError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""
PARTITIONS = 2


class Bench:
    """The topics, and the synthesizers started on them."""

    def __init__(self, kafka, path):
        self.kafka = kafka
        self.output = path / "policies"
        self.logs = path
        self.children = []

    def start(self, batch=1000, *, ready=True) -> Child:
        """A synthesizer that has said it is ready."""
        command = [sys.executable, "-c", PROGRAM, self.kafka.brokers, self.kafka.topic_prefix, self.output, batch]
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

    def send_raw(self, topic, value, key=b"test/x/y/z"):
        """Publish bytes."""
        client = producer(self.kafka)
        client.produce(self.kafka.topic(topic), key=key, value=value, partition=0)
        assert client.flush(30) == 0

    def records(self, topic):
        """All of a topic's records: keys and values."""
        return [(message.key(), message.value()) for message in messages(self.kafka, topic)]

    def suggestions(self):
        """The latest suggestion of each workload that can be read."""
        read, latest = Reader(PolicySuggestion), {}
        for _, value in self.records(POLICY_SUGGESTIONS):
            if value.startswith(b"\xc3\x01"):
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
