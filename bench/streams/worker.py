"""A stream worker as a process of its own, with both stages or the first alone: `python -m bench.streams.worker`."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from advisor.processes import Child
from bench.collector.agent import Agent
from schemas.errors import Unavailable
from schemas.kafka import KafkaSettings
from streams.worker.run import run
from streams.worker.settings import Stages, StreamSettings

_COMMAND: Final = Path(sys.executable).with_name("network-policy")
_READY_S: Final = 180.0


@dataclass(frozen=True, slots=True)
class Worker:
    """One that runs, and has read the inventory.

    Attributes:
        agent: For its processor time and its memory.
        load_s: From its start until the inventory was read.
        loaded: Resident bytes then.
        child: The process.
    """

    agent: Agent
    load_s: float
    loaded: int
    child: Child

    def check(self) -> None:
        """Raises Unavailable if it has ended."""
        if self.child.exit_code is not None:
            raise Unavailable(f"the worker ended with code {self.child.exit_code}:\n{self.child.tail(20)}")


@contextmanager
def running(kafka: KafkaSettings, stages: Stages, log: Path) -> Iterator[Worker]:
    """A worker, for the time of the block; raises Unavailable if it does not start."""
    common = ["--brokers", kafka.brokers, "--topic-prefix", kafka.topic_prefix]
    command = [str(_COMMAND), "stream", *common]
    if stages is not Stages.ALL:
        command = [sys.executable, "-m", "bench.streams.worker", stages.value, *common]
    begin = time.monotonic()
    child = Child.start("stream", command, log)
    try:
        child.wait_for("inventory read to its end", _READY_S)
        load_s, agent = time.monotonic() - begin, Agent(child)
        loaded = agent.resident()
        child.wait_for("stream ready", _READY_S)
        yield Worker(agent, load_s, loaded, child)
    finally:
        child.stop()


@click.command()
@click.argument("stages", type=click.Choice([stages.value for stages in Stages]))
@click.option("--brokers", required=True)
@click.option("--topic-prefix", required=True)
def main(stages: str, brokers: str, topic_prefix: str) -> None:
    """Run it until SIGTERM."""
    logging.basicConfig(level=logging.INFO)
    run(StreamSettings(KafkaSettings(brokers, topic_prefix=topic_prefix), stages=Stages(stages)))


if __name__ == "__main__":
    main()
