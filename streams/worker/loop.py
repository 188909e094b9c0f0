"""The worker's loop: what has arrived becomes outputs; these are safe in Kafka before their inputs are committed."""

import asyncio
import logging
import time
from pathlib import Path
from typing import Final

from schemas.dead_letters import DeadLetters
from schemas.errors import Unavailable
from schemas.topics import WORKLOAD_EDGES, Topic
from streams.directory import garbage
from streams.directory.inventory import Inventory, failure_of
from streams.intake import Arrival, Intake, Result, Stage, until
from streams.worker.app import FaustPort, create_app
from streams.worker.ending import Deadline, Parts, Signals, run_parts
from streams.worker.health import StreamHealth
from streams.worker.lag import Lag, LagWatch, Standing
from streams.worker.metrics import StreamMetrics
from streams.worker.settings import StreamSettings

_log = logging.getLogger(__name__)
_TURN_S: Final = 1.0


class Worker:
    """One worker of the group.

    Args:
        settings: Its settings.
        inventory: Started.
        dead_letters: The way out for bad records.
        stages: By the topic that each reads.
        health: Told what happens.
    """

    def __init__(
        self,
        settings: StreamSettings,
        inventory: Inventory,
        dead_letters: DeadLetters,
        stages: dict[Topic, Stage],
        health: StreamHealth,
    ) -> None:
        self._settings, self._inventory, self._dead_letters, self._health = settings, inventory, dead_letters, health
        self._stages = stages
        self._intakes: dict[Topic, Intake] = {}
        self._begun: dict[Topic, int] = {}
        self._stopping = False
        self.metrics = StreamMetrics(inventory, health)

    async def run(self, data: Path, deadline: Deadline) -> None:
        """Work until SIGTERM or SIGINT; raises NetpolError for what ends the worker before that.

        Args:
            data: An empty folder.
            deadline: Begun when the end begins.
        """
        signals = Signals()
        self._intakes = {topic: Intake() for topic in self._stages}
        port = FaustPort(create_app(self._settings, data), self._on_assigned, self._on_revoked)
        for topic, intake in self._intakes.items():
            port.receive(self._settings.kafka.topic(topic), intake)
        work = tuple(self._work(topic, port) for topic in self._stages)
        rest = (signals.wait(), self._watch_inventory(), self._say_ready(port), self._turn(port), port.serve())
        with LagWatch(Lag(self._settings.kafka, self._settings.group), port.shares, self._told, self._silent):
            await run_parts(Parts(work, rest, self._stop, port.close), deadline)

    async def _work(self, topic: Topic, port: FaustPort) -> None:
        await until(lambda: self._inventory.ready.is_set() or self._stopping)
        intake, name = self._intakes[topic], self._settings.kafka.topic(topic)
        most, within_s = self._settings.take, self._settings.within_s
        if topic is WORKLOAD_EDGES:
            most, within_s = self._settings.edges_take, self._settings.edges_within_s
        while not self._stopping:
            arrivals = await intake.take(most, within_s)
            if port.generation != self._begun.get(topic):
                generation = port.generation
                await self._stages[topic].begin(port.partitions(name))
                self._begun[topic] = generation
            arrivals = tuple(arrival for arrival in arrivals if arrival.generation == self._begun[topic])
            if arrivals:
                await self._step(topic, arrivals, port)

    async def _step(self, topic: Topic, arrivals: tuple[Arrival, ...], port: FaustPort) -> None:
        began = time.monotonic()
        result = await self._stages[topic].step(arrivals)
        if not await port.send(result.outputs, arrivals[0].generation):
            return
        await self._send_letters(result)
        await port.commit(arrivals)
        self.metrics.stepped(topic, len(arrivals), time.monotonic() - began, result)

    async def _send_letters(self, result: Result) -> None:
        for letter in result.bad:
            self._dead_letters.send(letter.raw, letter.reason)
        if result.bad:
            await asyncio.to_thread(self._dead_letters.flush)

    def _on_assigned(self) -> None:
        self._health.assigned()
        self.metrics.rebalanced()
        for intake in self._intakes.values():
            intake.wake()

    def _on_revoked(self) -> None:
        self._health.revoked(time.monotonic())

    def _stop(self) -> None:
        """No more than the steps that are under way."""
        self._stopping = True
        for intake in self._intakes.values():
            intake.wake()

    async def _watch_inventory(self) -> None:
        """A worker without an inventory is worth nothing."""
        await until(lambda: self._inventory.failure is not None)
        raise failure_of(self._inventory) or Unavailable("the inventory has ended")

    async def _say_ready(self, port: FaustPort) -> None:
        await until(self._inventory.ready.is_set)
        garbage.settle()
        await until(lambda: port.assigned.is_set() and self._is_recovered(port))
        _log.info("stream ready")
        await asyncio.Event().wait()

    def _is_recovered(self, port: FaustPort) -> bool:
        return all(self._begun.get(topic) == port.generation for topic in self._stages)

    async def _turn(self, port: FaustPort) -> None:
        """Every second: what the loop alone may look at."""
        while True:
            now = time.monotonic()
            self._health.turned(now)
            self._health.inventory(self._inventory.seen.read, now, to_its_end=self._inventory.ready.is_set())
            if port.assigned.is_set() and self._is_recovered(port):
                self._health.recovered()
            self.metrics.held(
                {topic: (intake.size, self._stages[topic].held()) for topic, intake in self._intakes.items()}
            )
            await asyncio.sleep(_TURN_S)

    def _told(self, standing: Standing) -> None:
        self._health.answered(standing, time.monotonic())
        self.metrics.stands(standing)

    def _silent(self) -> None:
        self._health.silent(time.monotonic())
