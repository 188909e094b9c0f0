"""`network-policy explain`: what each rule of a workload's suggestion rests on."""

import sys
from typing import Final

import click
from rich.console import Console

from advisor.answers import answer, form_option
from advisor.explain.document import document_of
from advisor.explain.rules import explain as explained
from advisor.explain.text import parts_of
from advisor.options import kafka_options
from advisor.suggestions.find import find
from advisor.suggestions.latest import Suggestions, notes_of
from advisor.suggestions.progress import reading_bar
from advisor.suggestions.recent import Recent, read_recent
from advisor.suggestions.topic import read_latest, read_suggestions
from schemas.errors import Unavailable
from schemas.kafka import KafkaSettings
from schemas.records import PolicySuggestion, now_ms

_WIDTH: Final = 160
"""Columns where there is no terminal that has a width of its own."""


@click.command()
@click.argument("workload")
@kafka_options
@click.option(
    "--recent",
    default=3600.0,
    show_default=True,
    type=click.FloatRange(min=0, max=30 * 86_400),
    help="Windows written in so many seconds tell which nodes reported; 0: none is read.",
)
@form_option
def explain(*, workload: str, kafka: KafkaSettings, recent: float, form: str | None) -> None:
    """Show the evidence of each rule: which connections it admits, how often, since when, and who saw them.

    WORKLOAD is namespace/kind/name, or what is unique of it: name, namespace/name, kind/name. Exit 1 if there is none,
    2 if there are several.
    """
    with reading_bar("reading suggestions") as progress:
        latest = read_latest(kafka, progress)
    for note in notes_of(latest, ()):
        click.echo(note, err=True)
    ref = find(workload, latest.records, latest.gone)
    suggestion = _only(read_suggestions(kafka, latest, lambda one: one == ref))
    with reading_bar("reading windows") as progress:
        since = now_ms() - round(recent * 1000)
        lately = read_recent(kafka, since, lambda one: one == ref, ref, progress) if recent else Recent()
    explanation = explained(suggestion, lately.of(ref))
    if form is not None:
        answer(document_of(explanation), form)
        return
    console = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    for part in parts_of(explanation):
        console.print(part, soft_wrap=isinstance(part, str))


def _only(found: Suggestions) -> PolicySuggestion:
    for bad in found.unreadable:
        raise Unavailable(f"the suggestion of {bad.ref} cannot be read: {bad.reason}")
    (suggestion,) = found.readable
    return suggestion
