"""Outputs and dead letters are safe before their inputs are committed; whatever fails ends the worker first."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from schemas.dead_letters import RawRecord
from schemas.kafka import KafkaSettings
from schemas.topics import CONNECTIONS
from streams.directory.inventory import Seen
from streams.intake import BadArrival, Intake, Output, Result
from streams.worker.health import StreamHealth
from streams.worker.loop import Worker
from streams.worker.settings import StreamSettings

OUTPUT = Output("edges", 0, None, b"x")


def raw(offset):
    return RawRecord("connections", 0, offset, None, b"")


class Told:
    """A port, a stage and dead letters that write down what they are told; one of them may fail."""

    def __init__(self, failing=""):
        self.log = []
        self.generation = 1
        self._failing = failing

    def _note(self, what, *details):
        self.log.append((what, *details))
        if what == self._failing:
            raise RuntimeError(f"{what} failed")

    def partitions(self, topic):
        assert topic == "netpol.connections"
        return frozenset({self.generation})

    async def begin(self, partitions):
        self._note("begin", *partitions)

    async def step(self, arrivals):
        self._note("step", tuple(arrival.raw.offset for arrival in arrivals))
        return Result((OUTPUT,), (BadArrival(raw(7), "bad"),))

    async def send(self, outputs, generation):
        if generation != self.generation:
            return False
        self._note("sent", outputs)
        return True

    async def commit(self, arrivals):
        self._note("commit", tuple(arrival.raw.offset for arrival in arrivals))


def worked(told, generations=(1, 1)):
    """What is told when records of these generations have arrived."""
    inventory = SimpleNamespace(ready=threading.Event(), seen=Seen(), watermarks=dict, objects=dict)
    inventory.ready.set()
    letters = SimpleNamespace(send=lambda _raw, reason: told._note("letter", reason), flush=lambda: told._note("flush"))
    settings = StreamSettings(KafkaSettings("unused"), within_s=0.01)

    async def scene():
        intake = Intake()
        for offset, generation in enumerate(generations):
            await intake.put(raw(offset), generation)
        worker = Worker(settings, inventory, letters, {CONNECTIONS: told}, StreamHealth(0.0))
        worker._intakes[CONNECTIONS] = intake
        await asyncio.wait_for(worker._work(CONNECTIONS, told), 0.3)

    with pytest.raises((TimeoutError, RuntimeError)):
        asyncio.run(scene())
    return told.log


def test_the_commit_comes_last():
    """After outputs are acknowledged and dead letters flushed."""
    order = [("begin", 1), ("step", (0, 1)), ("sent", (OUTPUT,)), ("letter", "bad"), ("flush",), ("commit", (0, 1))]
    assert worked(Told()) == order


@pytest.mark.parametrize("failing", ["begin", "step", "sent", "letter", "flush"])
def test_nothing_is_committed_after_a_failure(failing):
    assert "commit" not in [entry[0] for entry in worked(Told(failing))]


def test_records_of_an_earlier_generation_are_left_to_be_received_again():
    assert ("commit", (2,)) in worked(Told(), generations=(0, 0, 1))


def test_a_new_generation_forgets_partitions_first():
    told = Told()
    told.generation = 2
    assert worked(told, generations=(2,))[:2] == [("begin", 2), ("step", (0,))]


def test_what_a_rebalance_overtook_is_neither_written_nor_committed():
    """The partition's next owner has read back what was written, and reads the records again."""
    told = Told()
    step = told.step

    async def overtaken(arrivals):
        told.generation = 2
        return await step(arrivals)

    told.step = overtaken
    assert [entry[0] for entry in worked(told)] == ["begin", "step"]
