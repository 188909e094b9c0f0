"""`network-policy violations`: observed edges that policies would refuse, those in force or those suggested."""

import sys
from typing import Final

import click
from rich.console import Console

from advisor.answers import answer, form_option
from advisor.options import kafka_options, names_of
from advisor.violations.standing import refused_of, standing_of
from advisor.violations.text import document_of, table_of
from advisor.violations.topic import read_violations
from schemas.errors import NetpolError
from schemas.kafka import KafkaSettings
from schemas.records import PolicyViolation, now_ms

_WIDTH: Final = 160
"""Columns where there is no terminal that has a width of its own."""
_BY: Final = ("deployed", "suggested")


class WouldBeRefused(NetpolError):  # noqa: N818  the answer is no
    """An observed edge would be refused: exit code 1."""


@click.command()
@kafka_options
@click.option("--namespaces", "-n", multiple=True, metavar="NS,...", help="Only workloads of these; repeatable.")
@click.option(
    "--recent",
    default=86_400.0,
    show_default=True,
    type=click.FloatRange(min=1, max=30 * 86_400),
    help="Edges last seen in so many seconds.",
)
@click.option("--by", type=click.Choice(_BY), help="Only what these policies refuse; else either.")
@click.option("--no-attempts", is_flag=True, help="Only connections that came about.")
@form_option
def violations(  # noqa: PLR0913  one argument per option
    *, kafka: KafkaSettings, namespaces: tuple[str, ...], recent: float, by: str | None, no_attempts: bool,
    form: str | None,
) -> None:  # fmt: skip
    """Say which observed edges the NetworkPolicies in force would refuse, or the suggestion of the time before.

    No network plugin is needed for it: nothing is blocked. Exit code 1 if there is any.
    """
    chosen, since = names_of(namespaces), now_ms() - round(recent * 1000)
    records: list[PolicyViolation] = []
    for one in read_violations(kafka, since):
        if isinstance(one, str):
            click.echo(f"left out: {one}", err=True)
        elif not chosen or one.workload.namespace in chosen:
            records.append(one)
    found = [
        row
        for row in refused_of(standing_of(records), since)
        if (by is None or (row.by_deployed if by == "deployed" else row.by_suggested))
        and not (no_attempts and not row.connections and row.newest.attempt)
    ]
    if form is not None:
        answer(document_of(kafka.cluster, found), form)
    else:
        console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
        console.print(table_of(found) if found else "No observed edge would be refused.")
    if found:
        raise WouldBeRefused(f"{len(found)} observed edge{'s' * (len(found) > 1)} would be refused")
