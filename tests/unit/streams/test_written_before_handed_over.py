"""A worker hands its partitions over only when all that it was writing is written, and writes nothing afterwards."""

import asyncio
from types import SimpleNamespace

from streams.intake import Output
from streams.worker.app import FaustPort

OUTPUT = Output("windows", 0, b"key", b"value")


class App:
    """What the port needs of Faust; Kafka acknowledges when `acknowledge` is called."""

    def __init__(self):
        self.consumer_generation_id = 1
        self.consumer = SimpleNamespace(assignment=frozenset)
        self.told = {}
        for name in ("on_partitions_revoked", "on_partitions_assigned"):
            setattr(self, name, SimpleNamespace(connect=lambda heard, name=name: self.told.__setitem__(name, heard)))
        self.written = []
        self._acknowledged = asyncio.Event()
        self.producer = SimpleNamespace(send=self._send, flush=self._acknowledged.wait)

    def acknowledge(self):
        self._acknowledged.set()

    async def _send(self, topic, *_):
        self.written.append(topic)
        return self._acknowledged.wait()


async def soon(task):
    """Whether it ends by itself within a moment."""
    done, _ = await asyncio.wait([task], timeout=0.2)
    return bool(done)


def test_the_rebalance_waits_for_what_is_being_written():
    """Otherwise the next owner would read back windows that this one then changes."""

    async def scene():
        app = App()
        port = FaustPort(app)
        writing = asyncio.create_task(port.send([OUTPUT], 1))
        await asyncio.sleep(0)
        revoked = asyncio.create_task(app.told["on_partitions_revoked"]())
        assert not await soon(revoked)
        app.acknowledge()
        assert await soon(revoked)
        assert await writing

    asyncio.run(scene())


def test_nothing_is_written_between_two_assignments():
    """Nor after the second, if it was made for the first."""

    async def scene():
        app = App()
        port = FaustPort(app)
        app.acknowledge()
        await app.told["on_partitions_revoked"]()
        assert not await port.send([OUTPUT], 1)
        app.consumer_generation_id = 2
        await app.told["on_partitions_assigned"]()
        assert not await port.send([OUTPUT], 1)
        assert app.written == []
        assert await port.send([OUTPUT], 2)
        assert app.written == ["windows"]

    asyncio.run(scene())
