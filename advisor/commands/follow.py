"""`network-policy follow`: Kubernetes objects to netpol.inventory."""

from pathlib import Path

import click

from advisor.options import kafka_options
from schemas.kafka import KafkaSettings
from streams.follow import run
from streams.settings import FollowSettings


@click.command()
@kafka_options
@click.option(
    "--objects",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="Kubernetes objects as `kubectl get -o yaml` prints them; repeatable.",
)
@click.option("--heartbeat", default=1.0, show_default=True, help="Seconds between two heartbeats.")
@click.option("--once", is_flag=True, help="Publish, write one heartbeat and end.")
def follow(*, kafka: KafkaSettings, objects: tuple[Path, ...], heartbeat: float, once: bool) -> None:
    """Publish slim Kubernetes objects, then say every second that the inventory is complete.

    This version reads them from files; watching the API server comes next.
    """
    run(FollowSettings(kafka, objects, heartbeat_s=heartbeat, once=once))
