"""How a worker ends: the step under way is finished, everything is closed, a failure keeps its name and exit code."""

import asyncio

import pytest

from schemas.errors import BrokerUnavailable, Unavailable
from streams.worker.ending import Deadline, Parts, run_parts


class Scene:
    """Work that takes a while to end after it was told to, and one part that ends or fails at once."""

    def __init__(self, failure=None, works_s=0.1):
        self.log = []
        self._failure, self._works_s = failure, works_s
        self._told = asyncio.Event()

    async def work(self):
        await self._told.wait()
        self.log.append("told")
        await asyncio.sleep(self._works_s)
        self.log.append("finished")

    async def first_to_end(self):
        if self._failure is not None:
            raise self._failure

    async def close(self):
        self.log.append("closed")

    def stop(self):
        self._told.set()


def ended(failure=None):
    async def run():
        scene = Scene(failure)
        deadline = Deadline(30)
        try:
            await run_parts(Parts((scene.work(),), (scene.first_to_end(),), scene.stop, scene.close), deadline)
        finally:
            deadline.met()
            logs.append(scene.log)

    logs = []
    try:
        asyncio.run(run())
    except Unavailable as error:
        return logs[0], error
    return logs[0], None


def test_the_step_under_way_is_finished_before_everything_is_closed():
    assert ended() == (["told", "finished", "closed"], None)


def test_after_a_failure_nothing_is_finished():
    """What is committed then would be a guess."""
    log, error = ended(KeyError("x"))
    assert "finished" not in log
    assert log[-1] == "closed"
    assert "cannot go on: KeyError('x')" in str(error)
    assert error.exit_code == 3


def test_a_named_failure_ends_the_worker_by_its_name():
    _, error = ended(BrokerUnavailable("gone"))
    assert (type(error), str(error)) == (BrokerUnavailable, "gone")


def test_work_that_fails_while_it_finishes_is_a_failure():
    """An output that Kafka does not take at the end is not passed over."""

    async def run():
        scene = Scene()

        async def work():
            await scene._told.wait()
            raise BrokerUnavailable("not taken")

        deadline = Deadline(30)
        try:
            await run_parts(Parts((work(),), (scene.first_to_end(),), scene.stop, scene.close), deadline)
        finally:
            deadline.met()

    with pytest.raises(BrokerUnavailable, match="not taken"):
        asyncio.run(run())
