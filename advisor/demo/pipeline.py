"""The advisor's own programs, each a process started by the installed command, as in a cluster."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from advisor.demo.cluster import NODE
from advisor.processes import Child
from schemas.errors import Unavailable

_TOPICS_S: Final = 60.0
_READY_S: Final = 90.0
_WINDOW_S: Final = 10
_LATENESS_S: Final = 2
_INTERVAL_S: Final = 2
_TAIL: Final = 15
_COLLECT: Final = "collect"


class Pipeline:
    """The programs that run."""

    def __init__(self, brokers: str, logs: Path, stack: ExitStack) -> None:
        self._brokers = brokers
        self._logs = logs
        self._stack = stack
        self._children: list[Child] = []

    def start(self, name: str, *options: str) -> Child:
        """Start one program; it ends with the pipeline."""
        child = self._start(name, *options)
        self._children.append(child)
        return child

    def create_topics(self) -> None:
        """Run `network-policy topics` to its end."""
        child = self._start("topics")
        if child.wait(_TOPICS_S) != 0:
            raise Unavailable(f"the topics could not be created:\n{child.tail(_TAIL)}")

    def start_programs(self, objects: Path, output: Path) -> None:
        """Everything but the collector; `ready` waits for them."""
        self.start("follow", "--objects", str(objects))
        self.start("stream", "--window", str(_WINDOW_S), "--lateness", str(_LATENESS_S))
        self.start("synthesize", "--output", str(output))

    def start_collector(self, interval_s: int = _INTERVAL_S) -> None:
        """The kernel's connections, reported every `interval_s` seconds."""
        self.start(_COLLECT, "--node", NODE, "--interval", str(interval_s), "--repeat", str(_WINDOW_S))

    def replay(self, trace: Path) -> None:
        """A recorded trace in the collector's place."""
        self.start(_COLLECT, "--replay", str(trace))

    def ready(self) -> None:
        """Wait until every program says so; raises Unavailable with the last lines of one that does not."""
        for child in self._children:
            child.wait_for(f"{child.name} ready", _READY_S)

    def stop_collector(self) -> None:
        """Let the collector publish what it has, and end; raises Unavailable if it cannot."""
        for child in self._children:
            if child.name == _COLLECT:
                child.stop()
        self.check()

    def check(self, others: Iterable[Child] = ()) -> None:
        """Raise Unavailable if a program, or one of the others, has ended; the collector may, without an error."""
        for child in (*self._children, *others):
            code = child.exit_code
            if code is not None and (code != 0 or child.name != _COLLECT):
                raise Unavailable(f"{child.name} ended with code {code}:\n{child.tail(_TAIL)}")

    @property
    def collecting(self) -> bool:
        """Whether connections may still come."""
        return any(child.name == _COLLECT and child.exit_code is None for child in self._children)

    @property
    def names(self) -> str:
        """The programs, as a list in words."""
        return ", ".join(child.name for child in self._children)

    def _start(self, name: str, *options: str) -> Child:
        log = self._logs / f"{name}.log"
        log.unlink(missing_ok=True)  # an earlier demo's log would say that this one is ready
        child = Child.start(name, [_installed(), name, "--brokers", self._brokers, *options], log)
        self._stack.callback(child.stop)
        return child


@contextmanager
def pipeline(brokers: str, logs: Path) -> Iterator[Pipeline]:
    """A pipeline without programs; those started end with the context."""
    with ExitStack() as stack:
        yield Pipeline(brokers, logs, stack)


def _installed() -> str:
    command = Path(sys.executable).with_name("network-policy")
    if not command.exists():
        raise Unavailable(f"the command {command} is not installed; run `make setup`")
    return str(command)
