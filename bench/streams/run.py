"""All parts of one run, in order."""

import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from advisor.kafka_server import KafkaServer
from bench.streams.curve import curve
from bench.streams.latency import latencies
from bench.streams.plan import PARTITIONS, ROWS, Plan
from bench.streams.publish import Publisher
from bench.streams.worker import Worker, running
from bench.streams.world import World
from schemas.kafka import KafkaSettings
from schemas.topic_admin import Layout, create_topics
from schemas.topics import CONNECTIONS, WORKLOAD_EDGES, Topic
from streams.worker.settings import Stages

_WARM: Final = 4
"""One part in so many is taken before the measurement, and fills what is remembered."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a worker took, and what that took.

    Attributes:
        connections: Rows of batches.
        seconds: From the first batch published to the last offset committed.
        cpu_s: Of the worker's process.
        peak: The most resident bytes of its life.
    """

    connections: int
    seconds: float
    cpu_s: float
    peak: int

    @property
    def per_cpu_second(self) -> float:
        """Connections."""
        return self.connections / self.cpu_s

    @property
    def per_second(self) -> float:
        """Connections."""
        return self.connections / self.seconds


@dataclass(frozen=True, slots=True)
class Results:
    """One run's.

    Attributes:
        enriched: By the first stage alone.
        whole: By both stages.
        objects: In the inventory at first.
        load_s: From a worker's start until it had read them.
        loaded: Resident bytes then.
        latencies: Seconds from a batch to each window with it, sorted.
        curve: Microseconds by the number of workloads.
    """

    enriched: Taken
    whole: Taken
    objects: int
    load_s: float
    loaded: int
    latencies: list[float]
    curve: dict[int, float]


def measure(plan: Plan, say: Callable[[str], None]) -> Results:
    """Measure everything; raises Unavailable with what is missing."""
    costs = curve(plan.curve, plan.curve_batches, plan.size.seed)
    say("cost by workloads: done")
    with _site() as (kafka, logs):
        publisher = Publisher(kafka, World(plan.size), plan.churn)
        objects = publisher.inventory()
        say(f"{objects:,} objects published")
        with running(kafka, Stages.ALL, logs / "whole.log") as worker:
            say(f"inventory read in {worker.load_s:.1f} s, {worker.loaded >> 20} MiB resident")
            publisher.at.clear()
            publisher.traffic(plan.paced, plan.rate, worker.check)
            publisher.until_taken([CONNECTIONS, WORKLOAD_EDGES], worker.check)
            waited = latencies(kafka, publisher.at)
            say(f"{len(waited):,} changes of windows timed")
            whole = _taken(publisher, worker, plan.whole, [CONNECTIONS, WORKLOAD_EDGES])
            say(f"both stages: {whole.per_cpu_second:,.0f} connections per CPU-second")
        with running(kafka, Stages.ENRICH, logs / "enrich.log") as worker:
            publisher.traffic(plan.batches // _WARM, check=worker.check)
            publisher.until_taken([CONNECTIONS], worker.check)
            enriched = _taken(publisher, worker, plan.batches, [CONNECTIONS])
            say(f"the first stage: {enriched.per_cpu_second:,.0f} connections per CPU-second")
            loaded, load_s = worker.loaded, worker.load_s
    return Results(enriched, whole, objects, load_s, loaded, waited, costs)


@contextmanager
def _site() -> Iterator[tuple[KafkaSettings, Path]]:
    with tempfile.TemporaryDirectory(prefix="network-policy-bench-") as logs, KafkaServer.start() as server:
        kafka = KafkaSettings(server.brokers, cluster="bench", topic_prefix=f"bench{uuid.uuid4().hex[:8]}.")
        create_topics(kafka, Layout(partitions=PARTITIONS))
        yield kafka, Path(logs)


def _taken(publisher: Publisher, worker: Worker, batches: int, topics: list[Topic]) -> Taken:
    begin, cpu = time.monotonic(), worker.agent.cpu_ns()
    publisher.traffic(batches, check=worker.check)
    publisher.until_taken(topics, worker.check)
    seconds, cpu = time.monotonic() - begin, worker.agent.cpu_ns() - cpu
    return Taken(batches * ROWS, seconds, cpu / 1e9, worker.agent.resident("VmHWM"))
