"""The small cluster's traffic through real stream workers on a real Kafka: published, awaited, read back."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from accounting import latest
from program_fixtures import run
from programs import Programs, programs, wait_until
from stream_world import DRAIN_MS, DRAINS, Delivery, inventory
from whole_topics import backlog, whole

from schemas.framing import Writer
from schemas.kafka import KafkaSettings, producer, require_topics
from schemas.records import ConnectionBatch, InventoryObject, WorkloadWindow
from schemas.topics import CONNECTIONS, INVENTORY, WORKLOAD_EDGES, WORKLOAD_WINDOWS
from streams.follow.inventory_topic import beat
from streams.worker.settings import StreamSettings

__all__ = ["run"]

WORKER = ("--window", 2, "--lateness", 1)
_EVER = 1 << 50


class World:
    """One Kafka's topics with the cluster's inventory; whatever happens, `windows` is to be the same."""

    def __init__(self, kafka: KafkaSettings, run: Programs) -> None:
        self.kafka = kafka
        self._run = run
        self._producer = producer(kafka)
        self._write = Writer(CONNECTIONS.name, ConnectionBatch)
        self._publish_inventory()

    def worker(self, name: str = "", *, ready: bool = True):
        """Start a stream worker; with a name it is a static member."""
        return self._run.start("stream", *WORKER, *(("--worker-id", name) if name else ()), ready=ready)

    def publish(self, deliveries: Iterable[Delivery]) -> None:
        """Batches in this order, as far as Kafka keeps it: a node's own."""
        for one in deliveries:
            self._producer.produce(self.kafka.topic(CONNECTIONS), self._write(one.batch), one.batch.key)
        assert self._producer.flush(30) == 0

    def settle(self, within_s: float = 60) -> None:
        """Until both stages have committed all that they were given."""
        group = StreamSettings(self.kafka).group
        for topic in (CONNECTIONS, WORKLOAD_EDGES):
            wait_until(lambda topic=topic: not backlog(self.kafka, topic, group), within_s, f"all of {topic.name} done")

    def windows(self) -> dict[tuple[str, int], WorkloadWindow]:
        """The latest revision of each window; how many revisions it took does not matter."""
        found = latest(whole(self.kafka, WORKLOAD_WINDOWS))
        return {place: replace(window, revision=0) for place, window in found.items()}

    def _publish_inventory(self) -> None:
        """All of it, complete for ever, so that no batch waits."""
        write = Writer(INVENTORY.name, InventoryObject)
        topic = self.kafka.topic(INVENTORY)
        for item in inventory():
            self._producer.produce(topic, write(item), item.key)
        for number in range(*require_topics(self.kafka, [INVENTORY]).values()):
            complete = beat(self.kafka.cluster, number, _EVER)
            self._producer.produce(topic, write(complete), complete.key, number)
        assert self._producer.flush(30) == 0


@pytest.fixture(scope="module")
def start() -> int:
    """When the traffic began: one moment for all runs that are compared, a little more than its length ago."""
    return (time.time_ns() // 1_000_000 - DRAINS * DRAIN_MS) // 60_000 * 60_000


@pytest.fixture(scope="session")
def make_world(tmp_path_factory):
    """Makes a world on some topics; its workers end with it."""

    @contextmanager
    def make(kafka: KafkaSettings) -> Iterator[World]:
        with programs(kafka, tmp_path_factory.mktemp("world")) as run:
            yield World(kafka, run)

    return make
