"""Tables and lines on standard output: as wide as the terminal, or whole in a file or a pipe."""

import io
from collections.abc import Iterable
from typing import Final

import click
from rich.console import Console
from rich.table import Table

_WIDEST: Final = 400


def show(parts: Iterable[Table | str]) -> None:
    """Print them."""
    console = Console(markup=False, highlight=False)
    if console.is_terminal:
        for part in parts:
            console.print(part)
        return
    for part in parts:
        for line in _lines(part):
            click.echo(line)


def plain_table(*headers: str) -> Table:
    """A table of columns alone, without lines around."""
    return Table(*headers, box=None, pad_edge=False)


def _lines(part: Table | str) -> Iterable[str]:
    if isinstance(part, str):
        return part.split("\n")
    wide = Console(file=io.StringIO(), width=_WIDEST, markup=False, highlight=False)
    with wide.capture() as captured:
        wide.print(part)
    return [line.rstrip() for line in captured.get().splitlines()]
