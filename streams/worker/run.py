"""`stream`: read top to bottom, this is the worker: connections become edges, edges become windows."""

import asyncio
import logging
import tempfile
import time
from pathlib import Path
from typing import Final

from schemas.dead_letters import DeadLetters
from schemas.health import serving
from schemas.kafka import require_topics
from schemas.records import DeadLetter, WorkloadEdges, WorkloadWindow
from schemas.schema_store import SchemaStore
from schemas.topics import (
    CONNECTIONS,
    DEAD_LETTERS,
    INVENTORY,
    SCHEMAS,
    WORKLOAD_EDGES,
    WORKLOAD_WINDOWS,
    Topic,
)
from streams.directory import garbage
from streams.directory.inventory import Inventory
from streams.edges.enrich_stage import EnrichStage
from streams.intake import Stage
from streams.windows.emitted import Emitted
from streams.windows.heard import Heard
from streams.windows.window import WindowSpec
from streams.windows.window_stage import WindowStage
from streams.worker.credentials import only_librdkafka, security
from streams.worker.ending import Deadline
from streams.worker.health import PATIENCE_S, StreamHealth
from streams.worker.loop import Worker
from streams.worker.settings import Stages, StreamSettings

_log = logging.getLogger(__name__)
_TOPICS: Final = (CONNECTIONS, INVENTORY, WORKLOAD_EDGES, WORKLOAD_WINDOWS, DEAD_LETTERS, SCHEMAS)


def run(settings: StreamSettings) -> None:
    """Work until SIGTERM or SIGINT.

    Raises:
        UsageError: A setting is wrong.
        Unavailable: Kafka or a topic is not there, or a record's outputs could not be written; nothing is lost then,
            the record is read again by the next worker.
    """
    for noisy in ("faust", "mode", "aiokafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    security(dict(settings.kafka.options))  # a wrong option is told before anybody waits for Kafka
    _tell_options(settings)
    partitions = require_topics(settings.kafka, _TOPICS)
    dead_letters = DeadLetters(settings.kafka, "stream")
    store = SchemaStore(settings.kafka, dead_letters)
    store.publish([WorkloadEdges, WorkloadWindow, DeadLetter])
    inventory = Inventory(settings.kafka, store, dead_letters)
    edges = partitions[settings.kafka.topic(WORKLOAD_EDGES)]
    health = StreamHealth(time.monotonic(), PATIENCE_S + settings.inventory_wait_s)
    worker = Worker(settings, inventory, dead_letters, _stages(settings, store, inventory, edges), health)
    garbage.wait()
    with serving(settings.metrics, worker.metrics.probes), inventory.following():
        _run(worker)


def _run(worker: Worker) -> None:
    deadline = Deadline()
    try:
        with tempfile.TemporaryDirectory(prefix="netpol-stream-") as data:
            asyncio.run(worker.run(Path(data), deadline))
    finally:
        deadline.met()


def _stages(settings: StreamSettings, store: SchemaStore, inventory: Inventory, edges: int) -> dict[Topic, Stage]:
    stages: dict[Topic, Stage] = {}
    if settings.stages is not Stages.WINDOW:
        stages[CONNECTIONS] = EnrichStage(settings.kafka, store, inventory, edges, settings.inventory_wait_s)
    if settings.stages is not Stages.ENRICH:
        spec = _spec(settings)
        emitted = Emitted(settings.kafka, store, spec.span)
        heard = Heard(settings.kafka, store, settings.group, spec.span)
        stages[WORKLOAD_EDGES] = WindowStage(settings.kafka, store, spec, emitted, heard)
    return stages


def _tell_options(settings: StreamSettings) -> None:
    names = only_librdkafka(dict(settings.kafka.options))
    if names:
        _log.warning("%s: followed by the reader of the inventory, not by Faust's client", ", ".join(names))


def _spec(settings: StreamSettings) -> WindowSpec:
    return WindowSpec(
        length=round(settings.window_s * 1000),
        lateness=round(settings.lateness_s * 1000),
        retention=round(settings.retention_s * 1000),
    )
