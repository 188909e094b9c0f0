"""The option that switches features of the probes off, the same wherever they are attached."""

import click

from collector.features import OPTIONAL, Feature, switched_off


def _parsed(_context: click.Context, _option: click.Parameter, names: tuple[str, ...]) -> frozenset[Feature]:
    return switched_off(names)


without_option = click.option(
    "--without",
    multiple=True,
    type=click.Choice(OPTIONAL),
    callback=_parsed,
    help="A feature that is not wanted; repeatable. `network-policy doctor` says what each needs.",
)
