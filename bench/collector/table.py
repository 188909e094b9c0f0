"""The results for a reader."""

from rich.console import Console
from rich.table import Table

from bench.collector.figures import Comparison, Life, Results, bytes_per_row, losses, mib
from bench.collector.phases import named

_NOTHING = "-"


def show(results: Results, console: Console) -> None:
    """Print all tables."""
    console.print(_comparisons(results.comparisons))
    console.print(_lives(results.alone))
    console.print(_paired(results.paired))
    for life in results.lives:
        if life.programs:
            console.print(_programs(life))
    lost = ", ".join(f"{stage} {count:,}" for stage, count in sorted(losses(results.lives).items())) or "nothing"
    console.print(f"counted as lost, by stage: {lost}")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=not number)
    return table


def _comparisons(comparisons: tuple[Comparison, ...]) -> Table:
    table = _table(
        "With the collector / without it (median of pairs, quartiles)",
        "load", "pairs", "without, /s", "rate", "quartiles", "CPU", "p50", "p99",
    )  # fmt: skip
    for one in comparisons:
        low, high = one.range(lambda pair: pair.rate_ratio)
        table.add_row(
            named(one.load),
            str(len(one.pairs)),
            f"{one.median(lambda pair: pair.without.rate):,.0f}",
            f"{one.median(lambda pair: pair.rate_ratio):.4f}",
            f"{low:.3f}-{high:.3f}",
            f"{one.median(lambda pair: pair.cpu_ratio):.4f}",
            f"{one.median(lambda pair: pair.latency_ratio(0.5)):.3f}",
            f"{one.median(lambda pair: pair.latency_ratio(0.99)):.3f}",
        )
    return table


def _lives(lives: tuple[Life, ...]) -> Table:
    table = _table(
        "The collector, phase by phase (an edge is reported by either end: two rows)",
        "phase", "made", "rows", "CPU, % of a core", "CPU s / million", "CPU ms / 1,000 rows",
        "MiB ready", "MiB peak", "B / made", "B / row", "lost", "uncounted",
    )  # fmt: skip
    for life in lives:
        table.add_row(*_life(life))
    return table


def _paired(lives: tuple[Life, ...]) -> str:
    made, lost = sum(life.connections for life in lives), sum(life.seen.lost for life in lives)
    missing = sum(life.uncounted for life in lives)
    return f"during the pairs: {made:,} made with the collector, {lost:,} counted as lost, {missing:,} uncounted"


def _life(life: Life) -> tuple[str, ...]:
    per_row = bytes_per_row(life.seen)
    return (
        life.name,
        f"{life.connections:,}",
        f"{life.seen.rows:,}",
        f"{100 * life.core_share:.2f}",
        f"{life.cpu_s_per_million:.2f}",
        f"{life.cpu_ms_per_thousand_rows:.2f}" if life.seen.rows else _NOTHING,
        f"{mib(life.rss_start):.1f}",
        f"{mib(life.rss_peak):.1f}",
        f"{life.seen.size / life.connections:.2f}",
        _NOTHING if per_row is None else f"{per_row:.1f}",
        f"{life.seen.lost:,}",
        f"{life.uncounted:,}",
    )


def _programs(life: Life) -> Table:
    table = _table(f"In the kernel: {life.name}", "program", "runs / made", "ns / run", "ns / made, both ends")
    for cost in life.programs:
        table.add_row(
            f"{cost.kind} {cost.identity}",
            f"{cost.runs / life.connections:.2f}",
            f"{cost.time_ns / max(cost.runs, 1):,.0f}",
            f"{cost.time_ns / life.connections:,.0f}",
        )
    return table
