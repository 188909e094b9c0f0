"""`network-policy monitor`: one JSON line per edge as it is seen."""

import platform
from pathlib import Path

import click

from advisor.feature_option import without_option
from advisor.monitor.run import MonitorSettings, opened, run
from advisor.options import kafka_options, names_of
from collector.features import Feature
from schemas.errors import UsageError
from schemas.kafka import KafkaSettings


@click.command()
@kafka_options
@click.option(
    "--namespaces", "-n", multiple=True, metavar="NS,...", help="Only workloads of these; repeatable; all by default."
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File to (re)write; standard output by default.")
@click.option("--duration", type=click.FloatRange(min=0), metavar="S", help="Seconds; until Ctrl-C by default.")
@click.option("--from-beginning", is_flag=True, help="Begin with the oldest window kept, not with the next one.")
@click.option("--local", is_flag=True, help="Straight from this node's kernel, raw lines, no Kafka.")
@click.option("--node", envvar="NETPOL_NODE", default=platform.node, show_default="the host's", help="With --local.")
@click.option("--interval", default=1.0, show_default=True, help="With --local: seconds between two looks.")
@click.option("--cgroup", type=click.Path(path_type=Path), help="With --local: whose sockets; else all of the node.")
@without_option
def monitor(  # noqa: PLR0913  one argument per option
    *,
    kafka: KafkaSettings,
    namespaces: tuple[str, ...],
    output: Path | None,
    duration: float | None,
    from_beginning: bool,
    local: bool,
    node: str,
    interval: float,
    cgroup: Path | None,
    without: frozenset[Feature],
) -> None:
    """Print each edge as it is seen, one JSON line: of each workload, from the topic of windows, or of this node.

    A line's count is what is new since the line before, so the counts of a recording add up. `report --input` reads it.
    """
    chosen = names_of(namespaces)
    if not local:
        run(MonitorSettings(kafka, chosen, output, duration, from_beginning))
        return
    if chosen or from_beginning:
        raise UsageError("--local knows no workloads and no past: leave out --namespaces and --from-beginning")
    from collector.local import LocalSettings  # noqa: PLC0415
    from collector.local import run as run_local  # noqa: PLC0415

    settings = LocalSettings(node, interval, duration, cgroup, without)
    with opened(output) as out:
        run_local(settings, lambda line: print(line, file=out, flush=True))
