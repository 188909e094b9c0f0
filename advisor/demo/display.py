"""How far the demo is: a live list on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

_PLAIN_EVERY_S: Final = 5.0


class Step(Enum):
    """What is shown, in the order of a connection's way."""

    NETWORK = "network"
    KAFKA = "Kafka"
    TOPICS = "topics"
    PROGRAMS = "programs"
    PODS = "pods"
    CONNECTIONS = "connections"
    WORKLOADS = "workloads"
    SUGGESTIONS = "suggestions"


class Display(Protocol):
    """Where the story is told."""

    def show(self, step: Step, text: str, *, done: bool = False) -> None:
        """Say how a step stands."""


@dataclass(frozen=True, slots=True)
class _State:
    text: str
    done: bool


class LiveDisplay:
    """All steps at once, rewritten in place."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._states: dict[Step, _State] = {}
        self._spinner = Spinner("dots")

    def show(self, step: Step, text: str, *, done: bool = False) -> None:
        """Say how a step stands."""
        self._states[step] = _State(text, done)
        table = Table.grid(padding=(0, 2))
        for shown, state in sorted(self._states.items(), key=lambda item: list(Step).index(item[0])):
            mark = Text("✓", "green") if state.done else self._spinner
            table.add_row(mark, Text(shown.value, "bold"), state.text)
        self._live.update(table)


class PlainDisplay:
    """One line when a step is done, and now and then one of a step that goes on."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._console = console
        self._clock = clock
        self._said: dict[Step, tuple[float, _State]] = {}

    def show(self, step: Step, text: str, *, done: bool = False) -> None:
        """Say how a step stands, unless that was said lately."""
        now, state = self._clock(), _State(text, done)
        before = self._said.get(step)
        if before is not None and (before[1].text == text or (not done and now - before[0] < _PLAIN_EVERY_S)):
            return
        self._said[step] = (now, state)
        self._console.print(f"{step.value:<12} {text}", highlight=False, markup=False, soft_wrap=True)


@contextmanager
def display(console: Console, clock: Callable[[], float]) -> Iterator[Display]:
    """The display that suits the console.

    Args:
        console: Where to.
        clock: Seconds, for the rhythm of plain lines.
    """
    if not console.is_terminal:
        yield PlainDisplay(console, clock)
        return
    with Live(console=console, refresh_per_second=8) as live:
        yield LiveDisplay(live)
