"""`network-policy stream`: one Faust worker."""

import click

from advisor.health_option import health_option
from advisor.options import kafka_options_of_all_clusters
from schemas.kafka import KafkaSettings
from schemas.listening import Address
from streams.worker.run import run
from streams.worker.settings import StreamSettings


@click.command()
@kafka_options_of_all_clusters
@click.option("--window", default=300.0, show_default=True, help="Length of a window, seconds; the same for all.")
@click.option("--lateness", default=30.0, show_default=True, help="How long after its end a window is final, seconds.")
@click.option("--inventory-wait", default=10.0, show_default=True, help="The longest a batch waits for the inventory.")
@click.option("--worker-id", envvar="NETPOL_WORKER_ID", default="", help="This worker's name, for static membership.")
@health_option
def stream(  # noqa: PLR0913  one argument per option
    *,
    kafka: KafkaSettings,
    window: float,
    lateness: float,
    inventory_wait: float,
    worker_id: str,
    metrics: Address | None,
) -> None:
    """Say which workloads the connections joined, and window them per workload; serves every cluster of the topics."""
    run(StreamSettings(kafka, window, lateness, inventory_wait_s=inventory_wait, worker_id=worker_id, metrics=metrics))
