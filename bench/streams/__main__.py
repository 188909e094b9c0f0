"""`python -m bench.streams`: figures as a table, then as one JSON object."""

import json
import time

import click

from bench.command import in_order
from bench.streams.latency import quantile
from bench.streams.plan import QUICK, Plan
from bench.streams.run import Results, Taken, measure

_MIB = 1 << 20


@click.command()
@click.option("--quick", is_flag=True, help="A small cluster, in about a minute; the figures are rough.")
def main(*, quick: bool) -> None:
    """Measure what a stream worker costs at the size of a large cluster. Needs Kafka's jars."""
    begin = time.monotonic()
    with in_order("bench.streams"):
        results = measure(
            QUICK if quick else Plan(), lambda text: click.echo(f"{time.monotonic() - begin:5.0f} s  {text}", err=True)
        )
    _show(results)
    click.echo(json.dumps(summary(results)))


def summary(results: Results) -> dict[str, object]:
    """The figures under the keys that docs/reference/benchmarks.md explains."""
    return {
        "connections_per_cpu_second": round(results.enriched.per_cpu_second),
        "connections_per_second": round(results.enriched.per_second),
        "inventory_load_s": round(results.load_s, 1),
        "inventory_rss_mib": round(results.loaded / _MIB),
        "window_latency_p99_s": round(quantile(results.latencies, 0.99), 2),
        "curve": {str(workloads): round(cost, 2) for workloads, cost in results.curve.items()},
    }


def _show(results: Results) -> None:
    click.echo(_line("first stage", results.enriched))
    click.echo(_line("both stages", results.whole))
    click.echo(f"inventory: {results.objects:,} objects, {results.load_s:.1f} s, {results.loaded / _MIB:.0f} MiB")
    parts = ", ".join(f"p{100 * part:.0f} {quantile(results.latencies, part):.2f} s" for part in (0.5, 0.9, 0.99))
    click.echo(f"from a batch to its windows: {parts} ({len(results.latencies):,} changes)")
    for workloads, cost in results.curve.items():
        click.echo(f"{workloads:>8,} workloads: {cost:.2f} µs for each connection, in the process, without Kafka")


def _line(name: str, taken: Taken) -> str:
    return (
        f"{name}: {taken.connections:,} connections, {taken.per_cpu_second:,.0f} per CPU-second "
        f"({1e6 / taken.per_cpu_second:.2f} µs), {taken.per_second:,.0f} per second, peak {taken.peak / _MIB:.0f} MiB"
    )


if __name__ == "__main__":
    main()
