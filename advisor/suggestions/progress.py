"""How far the reading of a topic is, on a terminal; nothing elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from advisor.suggestions import topic

_EVERY: Final = 500


@contextmanager
def reading_bar(what: str) -> Iterator[topic.Progress]:
    """What to tell the progress to; the bar is on standard error and goes when the block ends."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield topic.no_progress
        return
    with Progress(
        what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console, transient=True
    ) as bar:
        task = bar.add_task(what)

        def tell(done: int, total: int) -> None:
            if done % _EVERY == 0 or done == total:
                bar.update(task, completed=done, total=total)

        yield tell
