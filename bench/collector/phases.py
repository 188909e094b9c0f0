"""Runs the phases: pairs with and without the collector, and lives of the collector under one load."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

from bench.collector import load as generator
from bench.collector import programs
from bench.collector.agent import Agent, Options, running
from bench.collector.figures import Comparison, Life, Pair
from bench.collector.load import Load, Made, Place
from bench.collector.network import counters
from bench.collector.topic import Topic
from schemas.errors import Unavailable
from schemas.kafka import KafkaSettings

_PUBLISHING_S: Final = 0.3


@dataclass(frozen=True, slots=True)
class Site:
    """Where everything runs.

    Attributes:
        kafka: A real server's topics.
        topic: The connections in it.
        place: Namespaces and cgroup.
        program: The generator.
        logs: A directory.
        say: Told what happens.
        numbers: Of the logs.
    """

    kafka: KafkaSettings
    topic: Topic
    place: Place
    program: Path
    logs: Path
    say: Callable[[str], None]
    numbers: Iterator[int]

    @classmethod
    def of(cls, kafka: KafkaSettings, place: Place, logs: Path, say: Callable[[str], None]) -> "Site":
        """With the generator compiled; raises Unavailable."""
        return cls(kafka, Topic(kafka), place, generator.compiled(), logs, say, count())

    def log(self, name: str) -> Path:
        """A new log."""
        return self.logs / f"{next(self.numbers):03d}-{name}.log"

    def make(self, load: Load) -> Made:
        """Make the load and hold it against the kernel's own counters; raises Unavailable if they disagree."""
        before = counters(self.place.client), counters(self.place.server)
        made = generator.make(self.program, self.place, load, self.log("generator"))
        after = counters(self.place.client), counters(self.place.server)
        opened = (
            after[0]["ActiveOpens"] - before[0]["ActiveOpens"],
            after[1]["PassiveOpens"] - before[1]["PassiveOpens"],
        )
        if load.protocol == "TCP" and opened != (made.connected, made.accepted):
            raise Unavailable(f"the kernel counted {opened} opens where the generator made {made.connected}")
        return made

    @contextmanager
    def collector(self, options: Options) -> Iterator[Agent]:
        """A collector of the place."""
        with running(self.kafka, self.place.cgroup, options, self.log("collect")) as agent:
            yield agent


@dataclass(frozen=True, slots=True)
class Phase:
    """One life of the collector.

    Attributes:
        load: Made while it runs.
        options: Its own.
        parts: How many times the load is made, at most two.
        timed: With the kernel's run-time statistics, which cost time of their own.
        name: As the load if empty.
    """

    load: Load
    options: Options
    parts: int = 1
    timed: bool = False
    name: str = ""


def compare(site: Site, load: Load, options: Options, pairs: int) -> tuple[Comparison, tuple[Life, ...]]:
    """Pairs in the order without, with, with, without: a machine that grows slower or faster favours neither."""
    found: list[Pair] = []
    lives: list[Life] = []
    while len(found) < pairs:
        first = site.make(load)
        life = live(site, Phase(load, options, parts=2))
        last = site.make(load)
        lives.append(life)
        found += [Pair(first, life.made[0]), Pair(last, life.made[1])]
        site.say(f"{life.name}: rate ratios {', '.join(f'{pair.rate_ratio:.3f}' for pair in found[-2:])}")
    return Comparison(load, tuple(found)), tuple(lives)


def live(site: Site, phase: Phase) -> Life:
    """One life of the collector under a load; raises Unavailable."""
    start, agent_of = site.topic.end(), site.collector(phase.options)
    with programs.timed() if phase.timed else nullcontext(), agent_of as agent:
        rss_start, cpu = agent.resident(), agent.cpu_ns()
        before = programs.costs(agent.pid) if phase.timed else ()
        made = tuple(site.make(replace(phase.load, part=part)) for part in range(phase.parts))
        costs = programs.since(before, programs.costs(agent.pid)) if phase.timed else ()
        if phase.parts == 1:
            time.sleep(phase.options.interval_s + _PUBLISHING_S)  # until all is reported, at the collector's expense
        cpu, peak = agent.cpu_ns() - cpu, agent.resident("VmHWM")
        agent.end()
    life = Life(phase.name or named(phase.load), phase.load, made, site.topic.since(start), cpu, rss_start, peak, costs)
    if life.seen.gap:
        raise Unavailable(f"{life.seen.gap} batches of the collector are not in Kafka: the figures say nothing")
    return life


def named(load: Load) -> str:
    """What a load is called."""
    rate = f"{load.rate:,.0f}/s" if load.rate else "most"
    return f"{load.protocol} {rate}, {2 * load.edges:,} edges"
