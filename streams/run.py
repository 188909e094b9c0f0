"""`stream`: read top to bottom, this is the worker: connections become edges, edges become windows."""

import asyncio
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from schemas.dead_letters import DeadLetters
from schemas.errors import NetpolError, Unavailable
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
from streams import garbage
from streams.app import GROUP, FaustPort, create_app
from streams.emitted import Emitted
from streams.enrich_stage import EnrichStage
from streams.heard import Heard
from streams.intake import Intake, Stage, until
from streams.inventory import Inventory, failure_of
from streams.settings import Stages, StreamSettings
from streams.window import WindowSpec
from streams.window_stage import WindowStage

_log = logging.getLogger(__name__)
_TOPICS: Final = (CONNECTIONS, INVENTORY, WORKLOAD_EDGES, WORKLOAD_WINDOWS, DEAD_LETTERS, SCHEMAS)
_CLOSE_S: Final = 20.0
_Part: TypeAlias = Coroutine[Any, Any, object]


def run(settings: StreamSettings) -> None:
    """Work until SIGTERM or SIGINT.

    Raises:
        UsageError: A setting is wrong.
        Unavailable: Kafka or a topic is not there, or a record's outputs could not be written; nothing is lost then,
            the record is read again by the next worker.
    """
    for noisy in ("faust", "mode", "aiokafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    spec = _spec(settings)
    partitions = require_topics(settings.kafka, _TOPICS)
    dead_letters = DeadLetters(settings.kafka, "stream")
    store = SchemaStore(settings.kafka, dead_letters)
    store.publish([WorkloadEdges, WorkloadWindow, DeadLetter])
    inventory = Inventory(settings.kafka, store, dead_letters)
    edges = partitions[settings.kafka.topic(WORKLOAD_EDGES)]
    stages: dict[Topic, Stage] = {}
    if settings.stages is not Stages.WINDOW:
        stages[CONNECTIONS] = EnrichStage(settings.kafka, store, inventory, edges, settings.inventory_wait_s)
    if settings.stages is not Stages.ENRICH:
        emitted = Emitted(settings.kafka, store, spec.span)
        heard = Heard(settings.kafka, store, f"{settings.kafka.topic_prefix}{GROUP}")
        stages[WORKLOAD_EDGES] = WindowStage(settings.kafka, store, spec, emitted, heard)
    garbage.wait()
    inventory.start()
    try:
        with tempfile.TemporaryDirectory(prefix="netpol-stream-") as data:
            asyncio.run(_Worker(settings, inventory, dead_letters, stages).run(Path(data)))
    finally:
        inventory.stop()


@dataclass(slots=True)
class _Worker:
    settings: StreamSettings
    inventory: Inventory
    dead_letters: DeadLetters
    stages: dict[Topic, Stage]

    async def run(self, data: Path) -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        port = FaustPort(create_app(self.settings, data))
        parts: list[_Part] = [stopped.wait(), self._watch(), self._say_ready(port)]
        for topic in self.stages:
            intake = Intake()
            port.receive(self.settings.kafka.topic(topic), intake)
            parts.append(self._work(topic, intake, port))
        await _first_to_end([asyncio.create_task(part) for part in (*parts, port.serve())], stopped, port)

    async def _work(self, topic: Topic, intake: Intake, port: FaustPort) -> None:
        """Outputs and dead letters are safe in Kafka before their inputs are committed."""
        stage, name = self.stages[topic], self.settings.kafka.topic(topic)
        await until(self.inventory.ready.is_set)
        generation = -1
        while True:
            arrivals = await intake.take(self.settings.take, self.settings.within_s)
            if port.generation != generation:
                generation = port.generation
                await stage.begin(port.partitions(name))
            arrivals = tuple(arrival for arrival in arrivals if arrival.generation == generation)
            if not arrivals:
                continue
            result = await stage.step(arrivals)
            if not await port.send(result.outputs, generation):
                continue
            if result.bad:
                for letter in result.bad:
                    self.dead_letters.send(letter.raw, letter.reason)
                await asyncio.to_thread(self.dead_letters.flush)
            await port.commit(arrivals)

    async def _watch(self) -> None:
        """A worker without an inventory is worth nothing."""
        await until(lambda: self.inventory.failure is not None)
        raise failure_of(self.inventory) or Unavailable("the inventory has ended")

    async def _say_ready(self, port: FaustPort) -> None:
        await until(self.inventory.ready.is_set)
        garbage.settle()
        await port.assigned.wait()
        _log.info("stream ready")
        await asyncio.Event().wait()


async def _first_to_end(tasks: list[asyncio.Task[object]], stopped: asyncio.Event, port: FaustPort) -> None:
    """Until a signal or the first failure; then everything ends, at the latest after twenty seconds."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    failure = next((error for error in (task.exception() for task in done) if error is not None), None)
    timer = threading.Timer(_CLOSE_S, os._exit, [0 if failure is None and stopped.is_set() else 1])
    timer.daemon = True
    timer.start()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await port.close()
    timer.cancel()
    if isinstance(failure, NetpolError):
        raise failure
    if failure is not None:
        raise Unavailable(f"the stream worker cannot go on: {failure!r}") from failure


def _spec(settings: StreamSettings) -> WindowSpec:
    return WindowSpec(
        length=round(settings.window_s * 1000),
        lateness=round(settings.lateness_s * 1000),
        retention=round(settings.retention_s * 1000),
    )
