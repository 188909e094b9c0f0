"""A worker whose process exists and whose group is fine, but which works on nothing, is not live (hazard 523)."""

import asyncio
import threading
import time
from types import SimpleNamespace

import pytest

from schemas.errors import BrokerUnavailable
from schemas.topics import CONNECTIONS
from streams.directory.inventory import Seen
from streams.intake import Result
from streams.tally import Held
from streams.worker.ending import Deadline
from streams.worker.health import StreamHealth
from streams.worker.loop import Worker
from streams.worker.settings import StreamSettings

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
PATIENCE_S = 3.0


class Stage:
    """Does what it is given until it meets `stop here`; there it stays until it is let go, and then fails."""

    def __init__(self):
        self.let_go = asyncio.Event()

    async def begin(self, partitions):
        assert partitions

    def held(self):
        return Held()

    async def step(self, arrivals):
        if any(arrival.raw.value == b"stop here" for arrival in arrivals):
            await self.let_go.wait()
            raise BrokerUnavailable("let go")
        return Result()


async def becomes(health, live, within_s=40):
    deadline = time.monotonic() + within_s
    while health.live(time.monotonic()).ok is not live:
        assert time.monotonic() < deadline, health.live(time.monotonic())
        await asyncio.sleep(0.2)
    return health.live(time.monotonic()).reasons


def test_records_that_wait_while_nothing_is_done_are_seen(kafka, shop, tmp_path):
    """Live while it does what comes, however old; not live once a step hangs."""
    inventory = SimpleNamespace(ready=threading.Event(), seen=Seen(), failure=None, watermarks=dict, objects=dict)
    inventory.ready.set()
    health = StreamHealth(time.monotonic(), PATIENCE_S)

    async def scene():
        stage = Stage()
        worker = Worker(StreamSettings(kafka), inventory, None, {CONNECTIONS: stage}, health)
        deadline = Deadline(60)
        running = asyncio.create_task(worker.run(tmp_path, deadline))
        shop.raw(CONNECTIONS, b"fine")
        await asyncio.sleep(2 * PATIENCE_S + 10)
        assert await becomes(health, live=True) == ()
        shop.raw(CONNECTIONS, b"stop here")
        (reason,) = await becomes(health, live=False)
        stage.let_go.set()
        with pytest.raises(BrokerUnavailable, match="let go"):
            await running
        deadline.met()
        return reason

    reason = asyncio.run(scene())
    assert "records wait in netpol.connections, partition 0, and none is done since" in reason
