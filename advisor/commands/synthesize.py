"""`network-policy synthesize`: windows to suggested policies, to the topic and to files."""

from pathlib import Path

import click

from advisor.options import kafka_options
from schemas.kafka import KafkaSettings
from synthesizer.options import Isolation, Options
from synthesizer.run import run
from synthesizer.settings import SynthesizerSettings


@click.command()
@kafka_options
@click.option("--output", type=click.Path(path_type=Path), help="Write DIR/<namespace>/<policy>.yaml; else topic only.")
@click.option(
    "--isolation",
    type=click.Choice([one.value for one in Isolation]),
    default=Isolation.BOTH.value,
    show_default=True,
    help="Isolate both directions, or only those in which something was seen.",
)
@click.option("--pod-cidr", multiple=True, help="A range of pod addresses, never written as an ipBlock; repeatable.")
@click.option("--service-cidr", multiple=True, help="A range of Service addresses; likewise.")
@click.option(
    "--gone-after",
    type=float,
    default=3600.0,
    show_default=True,
    help="Seconds that a workload must be gone before its suggestion and its file are taken back.",
)
@click.option("--keep-gone", is_flag=True, help="Never take a suggestion back.")
@click.option("--worker-id", envvar="NETPOL_WORKER_ID", default="", help="This member's name, for static membership.")
def synthesize(  # noqa: PLR0913  one argument per option
    *,
    kafka: KafkaSettings,
    output: Path | None,
    isolation: str,
    pod_cidr: tuple[str, ...],
    service_cidr: tuple[str, ...],
    gone_after: float,
    keep_gone: bool,
    worker_id: str,
) -> None:
    """Keep one suggested NetworkPolicy per workload, proved against what was seen, and tell what would be refused."""
    options = Options(Isolation(isolation), pod_cidrs=pod_cidr, service_cidrs=service_cidr)
    grace_s = None if keep_gone else gone_after
    run(SynthesizerSettings(kafka, output, options, worker_id=worker_id, gone_after_s=grace_s))
