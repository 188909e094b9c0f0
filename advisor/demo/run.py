"""The demo from an empty machine to proved policies: each line of `_live` and `_replayed` is one step of the story."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from advisor.demo import pods, verdict
from advisor.demo.cluster import Cluster, place
from advisor.demo.display import Display, Step, display
from advisor.demo.frame import ended_once, workspace
from advisor.demo.lacks import lacks
from advisor.demo.manifest import load
from advisor.demo.network import network
from advisor.demo.objects import objects_yaml
from advisor.demo.pipeline import Pipeline, pipeline
from advisor.demo.settings import DemoSettings
from advisor.demo.trace import TRACE, began
from advisor.demo.watch import Tally, Watch
from advisor.kafka_server import KafkaServer
from schemas.errors import UsageError
from schemas.kafka import KafkaSettings
from schemas.records import Millis, now_ms

_POLL_S: Final = 0.25
_QUIET_S: Final = 5.0
_SETTLE_S: Final = 60.0
_WIDTH: Final = 132
"""Columns where there is no terminal that has a width of its own."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the steps share."""

    settings: DemoSettings
    cluster: Cluster
    work: Path
    display: Display

    @property
    def objects(self) -> Path:
        """What `follow` reads in Kubernetes' place."""
        return self.work / "objects.yaml"

    def write_objects(self, created: Millis) -> None:
        """The cluster's objects, created at that moment."""
        self.objects.write_text(objects_yaml(self.cluster, created))


def run(settings: DemoSettings) -> int:
    """The whole demo; 0 if every workload of the shop has a proved suggestion, 1 if not.

    Raises:
        UsageError: The output is no folder that can be written to.
        Unavailable: Kafka, the network or one of the programs failed; the text has its last words.
    """
    _prepare(settings.output)
    console = Console(stderr=True, width=None if sys.stderr.isatty() else _WIDTH)
    missing = () if settings.replay else lacks()
    for lack in missing:
        console.print(f"Not here: {lack}", markup=False, soft_wrap=True)
    if missing:
        console.print("So the demo replays a recorded trace of the same shop.", soft_wrap=True)
    act = _replayed if settings.replay or missing else _live
    with ended_once(), workspace(settings) as work, display(console, time.monotonic) as shown:
        stage = Stage(settings, place(load()), work, shown)
        tally = act(stage)
    return _conclude(stage, tally)


def _prepare(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--output {output}: {error.strerror}; name a folder that you may write to") from error
    if not os.access(output, os.W_OK | os.X_OK):
        raise UsageError(f"--output {output}: not writable for this user; name another folder")


def _live(stage: Stage) -> Tally:
    with _network(stage), _kafka(stage) as kafka, pipeline(kafka.brokers, stage.work) as programs:
        _create_topics(stage, programs)
        stage.write_objects(now_ms())
        programs.start_collector()
        _start_programs(stage, programs)
        with _watch(stage, kafka) as watch:
            with pods.running(pods.actors(stage.cluster), stage.work / "pods") as actors:
                stage.display.show(Step.PODS, f"{len(stage.cluster.pods)} pods answer and call", done=True)
                if not _until_time(stage, watch, lambda: programs.check(actors)):
                    return watch.tally
            programs.stop_collector()
            _settle(stage, watch, programs)
            return watch.tally


def _replayed(stage: Stage) -> Tally:
    with _kafka(stage) as kafka, pipeline(kafka.brokers, stage.work) as programs:
        _create_topics(stage, programs)
        stage.write_objects(began(TRACE.read_text()))
        _start_programs(stage, programs)
        with _watch(stage, kafka) as watch:
            programs.replay(TRACE)
            _settle(stage, watch, programs)
            return watch.tally


@contextmanager
def _network(stage: Stage) -> Iterator[None]:
    with network(stage.cluster):
        shown = f"a node with {len(stage.cluster.pods)} pods, Services by nftables"
        stage.display.show(Step.NETWORK, shown, done=True)
        yield


@contextmanager
def _kafka(stage: Stage) -> Iterator[KafkaSettings]:
    stage.display.show(Step.KAFKA, "starting (the first time, Maven fetches it)")
    with KafkaServer.start() as server:
        stage.display.show(Step.KAFKA, f"Apache Kafka at {server.brokers}", done=True)
        yield KafkaSettings(server.brokers)


def _create_topics(stage: Stage, programs: Pipeline) -> None:
    stage.display.show(Step.TOPICS, "creating")
    programs.create_topics()
    stage.display.show(Step.TOPICS, "created and checked", done=True)


def _start_programs(stage: Stage, programs: Pipeline) -> None:
    programs.start_programs(stage.objects, stage.settings.output)
    stage.display.show(Step.PROGRAMS, f"{programs.names} start")
    programs.ready()
    stage.display.show(Step.PROGRAMS, f"{programs.names} are ready", done=True)


@contextmanager
def _watch(stage: Stage, kafka: KafkaSettings) -> Iterator[Watch]:
    local = frozenset(pod.address.packed for pod in stage.cluster.pods)
    watch = Watch(kafka, Tally(local))
    try:
        yield watch
    finally:
        watch.close()


def _until_time(stage: Stage, watch: Watch, check: Callable[[], None]) -> bool:
    """Let the traffic flow for its time; False if a person ended it, which only `--keep` takes for an answer."""
    end = time.monotonic() + stage.settings.duration_s
    try:
        while stage.settings.keep or time.monotonic() < end:
            check()
            watch.poll(_POLL_S)
            _show(stage, watch.tally, _left(stage, end))
    except KeyboardInterrupt:
        if not stage.settings.keep:
            raise
        return False
    return True


def _settle(stage: Stage, watch: Watch, programs: Pipeline) -> None:
    """Let the last connections become policies: until the source has ended and nothing new comes for a while."""
    deadline = quiet_since = time.monotonic()
    deadline += _SETTLE_S
    while time.monotonic() < min(deadline, quiet_since + _QUIET_S):
        programs.check()
        if watch.poll(_POLL_S) or programs.collecting:
            quiet_since = time.monotonic()
        _show(stage, watch.tally, "")
    _show(stage, watch.tally, "", done=True)


def _show(stage: Stage, tally: Tally, left: str, *, done: bool = False) -> None:
    wanted = len(stage.cluster.manifest.deployments)
    proofs = [one.proof for one in tally.suggestions.values()]
    lost = f", {tally.lost} lost" if tally.lost else ""
    admitted = f"{sum(proof.admitted for proof in proofs)} of {sum(proof.observed for proof in proofs)} edges admitted"
    stage.display.show(Step.CONNECTIONS, f"{tally.connections:,} seen at the pods{lost}{left}", done=done)
    stage.display.show(Step.WORKLOADS, f"{len(tally.workloads)} of {wanted} found", done=done)
    stage.display.show(Step.SUGGESTIONS, f"{len(proofs)} of {wanted} made, {admitted}", done=done)


def _left(stage: Stage, end: float) -> str:
    return "; Ctrl-C ends it" if stage.settings.keep else f"; {max(0, end - time.monotonic()):.0f} s of traffic left"


def _conclude(stage: Stage, tally: Tally) -> int:
    output = stage.settings.output
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(verdict.table(tally, output))
    console.print(verdict.closing(tally), soft_wrap=True)
    wrong = verdict.missing(stage.cluster.manifest, tally, output)
    for sentence in wrong:
        console.print(f"Missing: {sentence}", markup=False, soft_wrap=True)
    return 1 if wrong else 0
