"""What a program counts of itself: definitions with their help texts, and numbers that one scrape sees as one picture.

The pages of `docs/reference` and the text that Prometheus reads both come from the definitions.
"""

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)

Family: TypeAlias = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily

SECONDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
"""Buckets for work that should take milliseconds and may take seconds."""


class Kind(Enum):
    """How Prometheus reads a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """The definition of one metric.

    Attributes:
        name: As exposed; a counter's ends in `_total` (prometheus.io/docs/practices/naming).
        kind: How it is read.
        help: What it counts, with what a reader must know to alert on it.
        labels: Names of its labels.
        known: Values of its only label that are shown from the start as 0, so that the first increase is seen.
        buckets: Of a histogram, the upper bounds.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


@dataclass(slots=True)
class _Histogram:
    counts: list[int]
    sum: float = 0.0


@dataclass(slots=True)
class _Numbers:
    plain: dict[tuple[str, ...], float] = field(default_factory=dict)
    histogram: _Histogram | None = None


class Names:
    """Makes definitions of one program.

    Args:
        prefix: What all names begin with, such as netpol_follow.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def counter(self, name: str, text: str, **labels: tuple[str, ...]) -> Metric:
        """A counter; each label with its known values, which are shown from the start if it is the only one."""
        return self._metric(f"{name}_total", Kind.COUNTER, text, labels)

    def gauge(self, name: str, text: str, **labels: tuple[str, ...]) -> Metric:
        """A gauge; labels as for a counter."""
        return self._metric(name, Kind.GAUGE, text, labels)

    def seconds(self, name: str, text: str, buckets: tuple[float, ...] = SECONDS) -> Metric:
        """A histogram of how long something took."""
        return Metric(f"{self._prefix}_{name}_duration_seconds", Kind.HISTOGRAM, text, buckets=buckets)

    def _metric(self, name: str, kind: Kind, text: str, labels: Mapping[str, tuple[str, ...]]) -> Metric:
        known = next(iter(labels.values())) if len(labels) == 1 else ()
        return Metric(f"{self._prefix}_{name}", kind, text, tuple(labels), known)


class Metrics:
    """Numbers by metric; every method may be called from any thread.

    Args:
        definitions: All metrics there are.
        refresh: Called before each scrape, for what changes by itself such as an age.
    """

    def __init__(self, definitions: Iterable[Metric], refresh: Callable[[], None] = lambda: None) -> None:
        self._numbers = {metric: _fresh(metric) for metric in definitions}
        self._refresh = refresh
        self._lock = threading.RLock()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """No scrape sees a part of what is changed in the block."""
        with self._lock:
            yield

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """A gauge's value."""
        with self._lock:
            self._numbers[metric].plain[labels] = value

    def only(self, metric: Metric, values: Mapping[tuple[str, ...], float]) -> None:
        """A gauge's values by labels; every other one is shown no more."""
        with self._lock:
            self._numbers[metric].plain = dict(values)

    def add(self, metric: Metric, amount: float, *labels: str) -> None:
        """So much more of a counter."""
        with self._lock:
            plain = self._numbers[metric].plain
            plain[labels] = plain.get(labels, 0) + amount

    def reach(self, metric: Metric, total: float, *labels: str) -> None:
        """A counter that is kept elsewhere has this total; it never goes back."""
        with self._lock:
            plain = self._numbers[metric].plain
            plain[labels] = max(plain.get(labels, 0), total)

    def observe(self, metric: Metric, value: float) -> None:
        """One more measurement of a histogram."""
        with self._lock:
            histogram = self._numbers[metric].histogram
            if histogram is None:
                raise TypeError(f"{metric.name} is no histogram")
            histogram.counts[bisect_left(metric.buckets, value)] += 1
            histogram.sum += value

    def collect(self) -> Iterable[Family]:
        """Every metric with its samples, as of one moment."""
        with self._lock:
            self._refresh()
            return [_family(metric, numbers) for metric, numbers in self._numbers.items()]

    def describe(self) -> Iterable[Family]:
        """Every metric without samples, for the registry's check that names are unique."""
        return [_family(metric, _Numbers()) for metric in self._numbers]


def registry(metrics: Metrics) -> CollectorRegistry:
    """A registry of the program's own: these metrics and those of its process (memory, CPU, descriptors)."""
    made = CollectorRegistry()
    made.register(metrics)
    ProcessCollector(registry=made)
    return made


def _fresh(metric: Metric) -> _Numbers:
    if metric.kind is Kind.HISTOGRAM:
        return _Numbers(histogram=_Histogram([0] * (len(metric.buckets) + 1)))
    if metric.labels:
        return _Numbers({(value,): 0.0 for value in metric.known})
    return _Numbers({(): 0.0})


def _family(metric: Metric, numbers: _Numbers) -> Family:
    if metric.kind is Kind.HISTOGRAM:
        return _histogram(metric, numbers.histogram)
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in numbers.plain.items():
        family.add_metric(labels, value)
    return family


def _histogram(metric: Metric, histogram: _Histogram | None) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help)
    if histogram is not None:
        bounds = (*(str(bound) for bound in metric.buckets), "+Inf")
        below = [sum(histogram.counts[: position + 1]) for position in range(len(bounds))]
        family.add_metric((), list(zip(bounds, below, strict=True)), histogram.sum)
    return family
