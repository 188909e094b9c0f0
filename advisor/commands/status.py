"""`network-policy status`: how sure each suggestion is, what was lost, and how far the workers are behind."""

import sys
from typing import Final

import click
from rich.console import Console

from advisor.answers import answer, form_option
from advisor.options import kafka_options, names_of
from advisor.status.document import document_of
from advisor.status.rows import rows_of
from advisor.status.text import notes_of, table_of
from advisor.suggestions import latest as topic_notes
from advisor.suggestions.lag import read_lags
from advisor.suggestions.progress import reading_bar
from advisor.suggestions.recent import Recent, read_recent
from advisor.suggestions.topic import read_latest, read_suggestions
from schemas.kafka import KafkaSettings
from schemas.records import WorkloadRef, now_ms

_WIDTH: Final = 160
"""Columns where there is no terminal that has a width of its own."""


@click.command()
@kafka_options
@click.option("--namespaces", "-n", multiple=True, metavar="NS,...", help="Only workloads of these; repeatable.")
@click.option(
    "--recent",
    default=900.0,
    show_default=True,
    type=click.FloatRange(min=0, max=30 * 86_400),
    help="Windows written in so many seconds tell what is lost lately, and at which nodes; 0: none is read.",
)
@form_option
def status(*, kafka: KafkaSettings, namespaces: tuple[str, ...], recent: float, form: str | None) -> None:
    """Say of each workload how much of it has probably been seen, and what was lost; then how far the workers are.

    "May miss edges below": a connection that occurs in a smaller share of windows may still be unseen. "Next sighting
    is new": the estimated probability of that. `explain WORKLOAD` tells more of one.
    """
    chosen = names_of(namespaces)

    def wanted(ref: WorkloadRef) -> bool:
        return not chosen or ref.namespace in chosen

    now = now_ms()
    with reading_bar("reading suggestions") as progress:
        latest = read_latest(kafka, progress)
        suggestions = read_suggestions(kafka, latest, wanted)
    with reading_bar("reading windows") as progress:
        since = now - round(recent * 1000)
        lately = read_recent(kafka, since, wanted, progress=progress) if recent else Recent()
    rows, groups = rows_of(suggestions, lately), read_lags(kafka)
    for note in topic_notes.notes_of(latest, ()):
        click.echo(note, err=True)
    if form is not None:
        answer(document_of(kafka.cluster, now, rows, groups), form)
        return
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    console.print(table_of(rows, now) if rows else "No workload has been seen yet.")
    console.print()
    for note in notes_of(rows, groups):
        console.print(note, soft_wrap=True)
