"""Answers for programs: one JSON or YAML document on standard output."""

import json
from typing import Any, Final

import click
import yaml

FORMS: Final = ("json", "yaml")

form_option = click.option(
    "--output", "-o", "form", type=click.Choice(FORMS), help="One document for a program, in place of a table."
)
"""The option `-o json|yaml`; a command gets it as `form`, None for a person."""


def text_of(document: Any, form: str) -> str:
    """The document of plain lists, dicts, texts and numbers, in the order of its fields, with a line end."""
    if form == "json":
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)
    return text


def answer(document: Any, form: str) -> None:
    """Print it."""
    click.echo(text_of(document, form), nl=False)
