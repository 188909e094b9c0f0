"""`network-policy monitor`: one JSON line per edge as it is seen."""

from pathlib import Path

import click

from advisor.monitor.run import MonitorSettings, run
from advisor.options import kafka_options
from schemas.kafka import KafkaSettings


@click.command()
@kafka_options
@click.option(
    "--namespaces", "-n", multiple=True, metavar="NS,...", help="Only workloads of these; repeatable; all by default."
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File to (re)write; standard output by default.")
@click.option("--duration", type=click.FloatRange(min=0), metavar="S", help="Seconds; until Ctrl-C by default.")
@click.option("--from-beginning", is_flag=True, help="Begin with the oldest window kept, not with the next one.")
def monitor(
    *,
    kafka: KafkaSettings,
    namespaces: tuple[str, ...],
    output: Path | None,
    duration: float | None,
    from_beginning: bool,
) -> None:
    """Print each edge of each workload as it is seen, one JSON line, from the topic of windows.

    A line's count is what is new since the line before, so the counts of a recording add up. `report --input` reads it.
    """
    chosen = frozenset(name.strip() for text in namespaces for name in text.split(",") if name.strip())
    run(MonitorSettings(kafka, chosen, output, duration, from_beginning))
