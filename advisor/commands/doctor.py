"""`network-policy doctor`: what this machine lacks, and what to do about it."""

import shutil

import click
from rich.console import Console
from rich.table import Column, Table

from collector.doctor import Check, checks
from schemas.errors import Unavailable


@click.command()
def doctor() -> None:
    """Look at everything that collecting and the demo need; exit 3 if something is missing."""
    found = (*checks(), *_demo_checks())
    table = Table("needed", Column("found", overflow="fold"), "what to do", "for")
    for check in found:
        mark = "[green]ok[/]" if check.ok else "[red]missing[/]"
        table.add_row(check.name, f"{mark} {check.found}", "" if check.ok else check.advice, check.required_for)
    Console().print(table)
    missing = [check.name for check in found if not check.ok]
    if missing:
        raise Unavailable(f"missing: {', '.join(missing)}")


def _demo_checks() -> tuple[Check, ...]:
    programs = {"java": "default-jre-headless", "mvn": "maven", "ip": "iproute2", "nft": "nftables"}
    return tuple(_program(name, package) for name, package in programs.items())


def _program(name: str, package: str) -> Check:
    path = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    return Check(name, path is not None, path or "not found", f"apt-get install {package}", "demo")
