"""`network-policy doctor`: what this machine lacks, which feature each lack costs, and what to do about it."""

import shutil
from collections.abc import Iterable, Iterator

import click
from rich.console import Console
from rich.table import Column, Table

from collector.check import Check
from collector.features import Features, State, available
from schemas.errors import Unavailable

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DEMO = {"java": "default-jre-headless", "mvn": "maven", "ip": "iproute2", "nft": "nftables"}


@click.command()
def doctor() -> None:
    """Say which features this machine can have, and what is missing for the others.

    Exit 3 if something is missing without which nothing is collected; all else is a warning.
    """
    features = available()
    _print(features, tuple(_program(name, package) for name, package in _DEMO.items()))
    (required, *optional) = features.states
    if not required.on:
        raise Unavailable(f"nothing can be collected: {required.reason}")
    warned = [state.feature.value for state in optional if not state.on]
    if warned:
        click.echo(f"warning: collect works, without {', '.join(warned)}", err=True)


def _print(features: Features, demo: Iterable[Check]) -> None:
    table = Table("feature", "state", Column("what is missing", overflow="fold"), "what to do")
    for state in features.states:
        _add(table, (f"{state.feature.value}: {state.feature.sentence}", _mark(state)), state.lacks)
    lacks = [check for check in demo if not check.ok]
    _add(table, ("demo", "[yellow]off[/]" if lacks else "[green]ok[/]"), lacks)
    Console().print(table)


def _mark(state: State) -> str:
    if state.on:
        return "[green]ok[/]"
    return "[red]off, required[/]" if state.feature.required else "[yellow]off[/]"


def _add(table: Table, head: tuple[str, str], lacks: Iterable[Check]) -> None:
    for first, check in zip(_once(head), lacks, strict=False):
        table.add_row(*first, f"{check.name}: {check.found}", check.advice)
    if not lacks:
        table.add_row(*head, "", "")


def _once(head: tuple[str, str]) -> Iterator[tuple[str, str]]:
    yield head
    while True:
        yield ("", "")


def _program(name: str, package: str) -> Check:
    path = shutil.which(name, path=_PATH)
    return Check(name, path is not None, path or "not found", f"apt-get install {package}")
