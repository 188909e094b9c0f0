"""`network-policy demo`: the whole pipeline on this machine."""

import sys
from pathlib import Path

import click

from advisor.demo.run import run
from advisor.demo.settings import DemoSettings


@click.command()
@click.option("--output", default="policies", show_default=True, type=click.Path(path_type=Path), help="For the files.")
@click.option("--duration", default=40.0, show_default=True, type=click.FloatRange(5), help="Seconds of traffic.")
@click.option("--keep", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--replay", is_flag=True, help="Replay a recorded trace: needs neither root nor eBPF.")
@click.option(
    "--work", type=click.Path(path_type=Path), help="Keep logs and objects here; a temporary folder if not given."
)
def demo(*, output: Path, duration: float, keep: bool, replay: bool, work: Path | None) -> None:
    """Run a shop in network namespaces, watch it with eBPF, and suggest a policy for each of its workloads."""
    sys.exit(run(DemoSettings(output, duration, keep, replay, work)))
