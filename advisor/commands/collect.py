"""`network-policy collect`: the node agent, or a recording published as if it were seen."""

import platform
from pathlib import Path
from typing import Final

import click

from advisor.feature_option import without_option
from advisor.health_option import health_option
from advisor.options import kafka_options, refuse_given
from collector.features import Feature
from schemas.errors import UsageError
from schemas.kafka import KafkaSettings
from schemas.listening import Address

_WATCHING: Final = frozenset(
    {"node", "cgroup", "map_entries", "flow_entries", "repeat", "scan", "without", "metrics"}
    | {"spool_dir", "spool_dir_mib", "spool_keep"}
)


@click.command()
@kafka_options
@click.option("--node", envvar="NETPOL_NODE", default=platform.node, show_default="the host's", help="The node's name.")
@click.option("--interval", default=5.0, show_default=True, help="Seconds between two reports.")
@click.option("--cgroup", type=click.Path(path_type=Path), help="Whose sockets are watched; else all of the node.")
@click.option("--map-entries", default=65_536, show_default=True, help="Distinct edges that one interval can hold.")
@click.option("--flow-entries", default=65_536, show_default=True, help="UDP flows whose beginner is remembered.")
@click.option(
    "--repeat",
    default=30.0,
    show_default=True,
    help="Seconds in which an edge that Kafka has is told once, its further counts together; 0: every count at once.",
)
@click.option("--scan", default=180.0, show_default=True, help="Seconds between two scans of the open sockets.")
@without_option
@health_option
@click.option("--spool-mib", default=64.0, show_default=True, help="Memory for reports while Kafka is away, MiB.")
@click.option(
    "--spool-dir",
    type=click.Path(path_type=Path),
    envvar="NETPOL_SPOOL_DIR",
    help="Files for what does not fit in memory, and for what is left at the end; the next start sends them first.",
)
@click.option("--spool-dir-mib", default=1024.0, show_default=True, help="Room in that directory, MiB.")
@click.option(
    "--spool-keep",
    type=click.Choice(["oldest", "newest"]),
    default="oldest",
    show_default=True,
    help="Which reports stay when the spool is full; the others are counted as lost (spool_full).",
)
@click.option("--replay", type=click.Path(path_type=Path), help="Publish this recording (raw JSON lines), then end.")
@click.option("--strict", is_flag=True, help="With --replay: exit 2 if a line was bad.")
def collect(  # noqa: PLR0913  one argument per option
    *,
    kafka: KafkaSettings,
    node: str,
    interval: float,
    cgroup: Path | None,
    map_entries: int,
    flow_entries: int,
    repeat: float,
    scan: float,
    without: frozenset[Feature],
    metrics: Address | None,
    spool_mib: float,
    spool_dir: Path | None,
    spool_dir_mib: float,
    spool_keep: str,
    replay: Path | None,
    strict: bool,
) -> None:
    """Count the connections of this node in the kernel and publish them to Kafka."""
    if strict and replay is None:
        raise UsageError("--strict is for --replay: it says what to do about a bad line of a recording")
    if replay is not None:
        refuse_given(_WATCHING, "cannot be given with --replay: a recording is published as it is")
        _replay(kafka, replay, interval, spool_mib, strict=strict)
        return
    from collector.run import run  # noqa: PLC0415  a replay works where the kernel has no eBPF
    from collector.settings import CollectorSettings  # noqa: PLC0415
    from collector.spool import Keep  # noqa: PLC0415

    run(
        CollectorSettings(
            kafka,
            node,
            interval_s=interval,
            cgroup=cgroup,
            map_entries=map_entries,
            flow_entries=flow_entries,
            repeat_s=repeat,
            scan_s=scan,
            without=without,
            metrics=metrics,
            spool_mib=spool_mib,
            spool_dir=spool_dir,
            spool_dir_mib=spool_dir_mib,
            spool_keep=Keep(spool_keep),
        )
    )


def _replay(kafka: KafkaSettings, path: Path, interval_s: float, spool_mib: float, *, strict: bool) -> None:
    from collector.replay import run  # noqa: PLC0415
    from collector.settings import ReplaySettings  # noqa: PLC0415

    bad = run(ReplaySettings(kafka, path, interval_s=interval_s, spool_mib=spool_mib))
    if bad and strict:
        raise UsageError(f"{path}: {bad} bad lines, named above")
