"""A world and its traffic into the topics, no faster than a worker takes it."""

import time
from collections.abc import Callable, Iterable
from typing import Final

from bench.streams.plan import PARTITIONS, ROWS
from bench.streams.traffic import INTERVAL_MS, Traffic
from bench.streams.world import CLUSTER, T0, World
from schemas.errors import Unavailable
from schemas.framing import Writer
from schemas.kafka import KafkaSettings, TopicPartition, consumer, end_offsets, producer
from schemas.records import ConnectionBatch, Heartbeat, InventoryObject, Millis
from schemas.topics import CONNECTIONS, INVENTORY, Topic
from streams.worker.app import GROUP

_BEGIN: Final = T0 + 3_600_000
_AHEAD: Final = 1_000
_TIMEOUT_S: Final = 600.0
_ALL_PASSED: Final = _BEGIN + 86_400_000
"""The inventory is complete up to this moment, from the beginning: nothing waits for it."""


class Publisher:
    """One world's.

    Attributes:
        batches: How many were published.
        at: When each was, seconds since 1970, by node and sequence.
    """

    def __init__(self, kafka: KafkaSettings, world: World, churn: int) -> None:
        self._kafka = kafka
        self._world = world
        self._churn = churn
        self._traffic = Traffic(world, ROWS)
        self._producer = producer(kafka, log_level=0)
        self._group = consumer(kafka, f"{kafka.topic_prefix}{GROUP}", log_level=0)
        self._write_object = Writer(INVENTORY.name, InventoryObject)
        self._write_batch = Writer(CONNECTIONS.name, ConnectionBatch)
        self.batches = 0
        self.at: dict[tuple[str, int], float] = {}

    def inventory(self) -> int:
        """All objects, and a heartbeat in each partition; how many."""
        count = 0
        for count, item in enumerate(self._world.inventory(), 1):  # noqa: B007  the last is the number of all
            self._send_object(item)
        beat = InventoryObject(CLUSTER, "Heartbeat", "", "follow", Heartbeat(_ALL_PASSED))
        for partition in range(PARTITIONS):
            self._producer.produce(
                self._kafka.topic(INVENTORY), key=beat.key, value=self._write_object(beat), partition=partition
            )
        self._producer.flush()
        return count

    def traffic(self, batches: int, rate: float = 0.0, check: Callable[[], None] = lambda: None) -> None:
        """So many batches, one node after the other; at a rate a second, or as fast as they are taken.

        Args:
            batches: How many.
            rate: 0 for no rate.
            check: Called now and then; raises if the worker is gone.
        """
        begin = time.monotonic()
        for number in range(batches):
            if rate:
                time.sleep(max(0.0, begin + number / rate - time.monotonic()))
            elif number % 100 == 0:
                self._until_taken([CONNECTIONS], _AHEAD, check)
            self._send_batch()
        self._producer.flush()

    def until_taken(self, topics: Iterable[Topic], check: Callable[[], None]) -> None:
        """Until the group has committed all of these topics."""
        self._until_taken(topics, 0, check)

    def _send_batch(self) -> None:
        nodes = self._world.size.nodes
        begin: Millis = _BEGIN + self.batches // nodes * INTERVAL_MS
        if self.batches % self._churn == 0:
            for item in self._world.replaced(begin):
                self._send_object(item)
        batch = self._traffic.batch(self.batches % nodes, begin)
        self.batches += 1
        self.at[batch.node, batch.sequence] = time.time()
        self._producer.produce(self._kafka.topic(CONNECTIONS), key=batch.key, value=self._write_batch(batch))
        self._producer.poll(0)

    def _send_object(self, item: InventoryObject) -> None:
        while True:
            try:
                self._producer.produce(self._kafka.topic(INVENTORY), key=item.key, value=self._write_object(item))
            except BufferError:
                self._producer.poll(0.1)
            else:
                break

    def _until_taken(self, topics: Iterable[Topic], left: int, check: Callable[[], None]) -> None:
        deadline = time.monotonic() + _TIMEOUT_S
        for topic in topics:
            while self._lag(topic) > left:
                check()
                if time.monotonic() > deadline:
                    raise Unavailable(f"the worker has not taken all of {topic.name} in {_TIMEOUT_S:.0f} s")
                time.sleep(0.1)

    def _lag(self, topic: Topic) -> int:
        name = self._kafka.topic(topic)
        ends = end_offsets(self._group, name, range(PARTITIONS))
        found = self._group.committed([TopicPartition(name, partition) for partition in ends], timeout=10)
        taken = {one.partition: max(one.offset, ends[one.partition][0]) for one in found}
        return sum(end - taken[partition] for partition, (_, end) in ends.items())
