"""`network-policy follow`: Kubernetes objects to netpol.inventory."""

from pathlib import Path

import click

from advisor.health_option import health_option
from advisor.options import kafka_options, refuse_given
from schemas.errors import UsageError
from schemas.kafka import KafkaSettings
from schemas.listening import Address
from streams.follow.settings import LEASE_NAME, FollowSettings, ServerSettings

_WATCHING = frozenset({"kubeconfig", "context", "namespaces", "lease", "no_lease", "settle", "other_cluster"})


def _names(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for text in given for name in text.split(",") if name.strip()))


def _place(_context: click.Context, _option: click.Parameter, text: str) -> tuple[str, str]:
    namespace, slash, name = text.rpartition("/")
    if not name or (slash and not namespace) or "/" in namespace:
        raise UsageError(f"--lease {text}: write NAMESPACE/NAME, or NAME for one in our own namespace")
    return namespace, name


@click.command()
@kafka_options
@click.option("--kubeconfig", default="", help="How to reach the API server; else the pod's own, or KUBECONFIG.")
@click.option("--context", default="", help="Context of the kubeconfig; else its current one.")
@click.option(
    "--namespaces",
    multiple=True,
    metavar="NS,...",
    callback=_names,
    help="Watch only these, with namespaced Roles; nodes and other namespaces stay unknown. Repeatable.",
)
@click.option(
    "--lease",
    default=LEASE_NAME,
    show_default=True,
    metavar="[NAMESPACE/]NAME",
    callback=_place,
    help="The Lease by which one of several instances publishes and the others stand by.",
)
@click.option("--no-lease", is_flag=True, help="Publish without a Lease: nobody else may run.")
@click.option(
    "--objects",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Instead of a server: Kubernetes objects as `kubectl get -o yaml` prints them; repeatable.",
)
@click.option("--heartbeat", default=1.0, show_default=True, help="Seconds between two heartbeats.")
@click.option("--settle", default=1.0, show_default=True, help="Seconds after which all that happened has arrived.")
@click.option("--grace", default=3600.0, show_default=True, help="Seconds that deleted objects are remembered.")
@click.option("--other-cluster", is_flag=True, help="What is published is of an earlier cluster of the same name.")
@click.option("--once", is_flag=True, help="Publish, write one heartbeat and end.")
@health_option
def follow(  # noqa: PLR0913  one argument per option
    *,
    kafka: KafkaSettings,
    kubeconfig: str,
    context: str,
    namespaces: tuple[str, ...],
    lease: tuple[str, str],
    no_lease: bool,
    objects: tuple[Path, ...],
    heartbeat: float,
    settle: float,
    grace: float,
    other_cluster: bool,
    once: bool,
    metrics: Address | None,
) -> None:
    """Publish slim Kubernetes objects, then say every second up to when the inventory is complete.

    They are watched at the API server, or read from files.
    """
    from streams.follow.run import run  # noqa: PLC0415  the Kubernetes client takes half a second to import

    if objects:
        refuse_given(_WATCHING, "cannot be given with --objects: files are not watched")
    if no_lease:
        refuse_given({"lease"}, "cannot be given with --no-lease: nobody would take it")
    server = ServerSettings(
        kubeconfig, context, namespaces, None if no_lease else lease, settle_s=settle, other_cluster=other_cluster
    )
    run(FollowSettings(kafka, objects, heartbeat, grace, once=once, server=server, metrics=metrics))
