"""A recording's file, opened for a person: standard input too, and on a terminal how far it has been read."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from advisor.recorded.model import BadLine
from advisor.recorded.recording import Recording
from schemas.errors import UsageError

_STDIN: Final = Path("-")


@contextmanager
def opened(source: Path) -> Iterator[BinaryIO]:
    """The file, or standard input for `-`; raises UsageError."""
    if source == _STDIN:
        yield sys.stdin.buffer
        return
    try:
        stream = source.open("rb")
        stream.peek(1)
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from error
    with stream:
        yield stream


@contextmanager
def progress(source: Path, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """What to tell the bytes that have been read."""
    console = Console(stderr=True)
    if quiet or source == _STDIN or not console.is_terminal:
        yield lambda _done: None
        return
    columns = ("reading", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=source.stat().st_size)
        yield lambda done: bar.update(task, completed=done)


def complain(source: Path, bad: BadLine) -> None:
    """Say on standard error which line cannot be read."""
    click.echo(f"{source}:{bad.number}: {bad.reason}", err=True)


def require_readable(recording: Recording, source: Path) -> None:
    """Raises UsageError if there are lines and not one is any."""
    if recording.bad and not recording.good:
        raise UsageError(f"none of the {recording.bad} lines of {source} could be read; is it a recording?")
