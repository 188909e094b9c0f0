"""`python -m bench.collector`: figures as tables, then as one JSON object."""

import json
import time
from dataclasses import replace

import click
from rich.console import Console

from bench.collector.plan import QUICK, Plan
from bench.collector.run import measure
from bench.collector.table import show
from bench.command import in_order


@click.command()
@click.option("--quick", is_flag=True, help="All phases in about a minute; the figures are rough.")
@click.option("--seconds", type=click.FloatRange(min=0.5), help="Of each half of a pair.")
@click.option("--pairs", type=click.IntRange(min=1), help="With and without, at the most the machine can do.")
def main(*, quick: bool, seconds: float | None, pairs: int | None) -> None:
    """Measure what the collector costs this machine, and what it misses. Needs root, Kafka's jars and gcc."""
    plan = QUICK if quick else Plan()
    plan = replace(plan, seconds=seconds or plan.seconds, pairs=pairs or plan.pairs)
    begin = time.monotonic()
    with in_order("bench.collector"):
        results = measure(plan, lambda text: click.echo(f"{time.monotonic() - begin:5.0f} s  {text}", err=True))
    show(results, Console(width=160))
    click.echo(json.dumps(results.summary()))


if __name__ == "__main__":
    main()
