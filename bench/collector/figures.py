"""The arithmetic: from what was made, seen and used to the figures. Pure."""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bench.collector.load import Latency, Load, Made, Protocol
from bench.collector.topic import Seen
from schemas.records import Role

FULL_BATCH: Final = 900
"""Rows from which a record batch is taken for one of 1,000."""
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Pair:
    """The same load without and with the collector, one right after the other."""

    without: Made
    under: Made

    @property
    def rate_ratio(self) -> float:
        """With it / without it."""
        return self.under.rate / self.without.rate

    @property
    def cpu_ratio(self) -> float:
        """Processor time for each connection; unlike the rate it hardly minds what else runs on the machine."""
        return self.under.cpu_us / self.without.cpu_us

    def latency_ratio(self, quantile: float) -> float:
        """With it / without it."""
        return quantile_of(self.under.latency, quantile) / quantile_of(self.without.latency, quantile)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Interleaved pairs of one load."""

    load: Load
    pairs: tuple[Pair, ...]

    def median(self, figure: Callable[[Pair], float]) -> float:
        """The median of the pairs."""
        return statistics.median(figure(pair) for pair in self.pairs)

    def range(self, figure: Callable[[Pair], float]) -> tuple[float, float]:
        """The lower and the upper quartile of the pairs, both the only one if there is one."""
        values = [figure(pair) for pair in self.pairs]
        if len(values) == 1:
            return values[0], values[0]
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return low, high


@dataclass(frozen=True, slots=True)
class ProgramCost:
    """What one eBPF program took.

    Attributes:
        identity: The kernel's id of it.
        kind: Its type and what it is attached as, in words.
        runs: How often it ran.
        time_ns: How long in all.
    """

    identity: int
    kind: str
    runs: int
    time_ns: int


@dataclass(frozen=True, slots=True)
class Life:
    """One life of the collector under one load.

    Attributes:
        name: Of the phase.
        load: What was to be made.
        made: In all of this life, in one part or several.
        seen: What it published.
        cpu_ns: Of its process, user and system, from the load's begin until the load was reported.
        rss_start: Resident bytes when it was ready.
        rss_peak: At most, in all its life.
        programs: What its programs took, if that was measured.
    """

    name: str
    load: Load
    made: tuple[Made, ...]
    seen: Seen
    cpu_ns: int
    rss_start: int
    rss_peak: int
    programs: tuple[ProgramCost, ...] = ()

    @property
    def connections(self) -> int:
        """Made in all."""
        return sum(made.connected for made in self.made)

    @property
    def cpu_s_per_million(self) -> float:
        """Seconds of user space per million connections."""
        return self.cpu_ns / 1e9 / self.connections * 1e6

    @property
    def cpu_ms_per_thousand_rows(self) -> float:
        """Milliseconds of user space per thousand edges reported."""
        return self.cpu_ns / 1e6 / max(self.seen.rows, 1) * 1e3

    @property
    def core_share(self) -> float:
        """Of one core, while the load lasted."""
        return self.cpu_ns / 1e9 / sum(made.measured_s for made in self.made)

    @property
    def kernel_ns(self) -> float:
        """Nanoseconds in eBPF programs per connection, both its ends."""
        return sum(program.time_ns for program in self.programs) / self.connections

    @property
    def uncounted(self) -> int:
        """Connections neither published nor counted as lost, and those published that were not made."""
        made = {
            Role.CLIENT: self.connections,
            Role.SERVER: sum(made.accepted for made in self.made),
        }
        return uncounted(self.load.protocol, made, self.seen)


def uncounted(protocol: Protocol, made: Mapping[Role, int], seen: Seen) -> int:
    """By how much made differs from published and counted loss; roles are held apart, so one can't hide another.

    Args:
        protocol: Of the load.
        made: By role.
        seen: What was published; its ledger doesn't know roles, so it is held against all that is missing.
    """
    difference = {role: made.get(role, 0) - seen.counts.get((protocol, role), 0) for role in Role}
    missing = sum(count for count in difference.values() if count > 0)
    excess = -sum(count for count in difference.values() if count < 0)
    return excess + abs(missing - seen.lost)


def quantile_of(latency: Latency, quantile: float) -> int:
    """The smallest value, ns, that such a share of all does not exceed; raises ValueError if there are none."""
    total = sum(count for _, count in latency)
    if not total:
        raise ValueError("no latency was measured")
    reached = 0
    for value, count in sorted(latency):
        reached += count
        if reached >= quantile * total:
            return value
    return max(latency)[0]


def bytes_per_row(seen: Seen) -> float | None:
    """The median over Kafka's record batches with about 1,000 edges of bytes an edge; None if there is none."""
    full = [batch.size / batch.rows for batch in seen.batches if batch.rows >= FULL_BATCH]
    return statistics.median(full) if full else None


def losses(lives: Iterable[Life]) -> Mapping[str, int]:
    """The ledgers added up, by stage."""
    total: Counter[str] = Counter()
    for life in lives:
        total.update(life.seen.losses)
    return dict(total)


def mib(size: int) -> float:
    """Bytes as MiB."""
    return size / _MIB


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that one run measured.

    Attributes:
        comparisons: With and without, by load.
        paired: Lives of the collector in pairs.
        alone: Its other lives.
        saturated: The comparison at the most the machine can do, TCP.
        busy: A life at the most it can do, with 1,000 edges.
        quiet: A life at 1,000 connections a second, with 1,000 edges.
        measured: A life with run-time statistics, TCP.
    """

    comparisons: tuple[Comparison, ...]
    paired: tuple[Life, ...]
    alone: tuple[Life, ...]
    saturated: Comparison
    busy: Life
    quiet: Life
    measured: Life

    @property
    def lives(self) -> tuple[Life, ...]:
        """Every life of the collector."""
        return (*self.paired, *self.alone)

    def summary(self) -> dict[str, float | int | None]:
        """The last line; its keys are explained in docs/reference/benchmarks.md."""
        per_row = bytes_per_row(self.quiet.seen)
        return {
            "rate_ratio": round(self.saturated.median(lambda pair: pair.rate_ratio), 4),
            "p99_ratio": round(self.saturated.median(lambda pair: pair.latency_ratio(0.99)), 3),
            "user_cpu_s_per_million_connections": round(self.busy.cpu_s_per_million, 4),
            "user_core_share_at_1000_per_s": round(self.quiet.core_share, 5),
            "kernel_ns_per_connection": round(self.measured.kernel_ns, 1),
            "rss_mib": round(max(mib(life.rss_start) for life in self.lives), 1),
            "kafka_bytes_per_edge": None if per_row is None else round(per_row, 2),
            "uncounted_loss": sum(life.uncounted for life in self.lives),
        }
