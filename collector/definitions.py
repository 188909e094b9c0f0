"""The collector's metrics: names, help texts and labels, of which the reference page is made."""

from typing import Final

from collector.layout import IGNORED, LOST
from schemas.metrics import SECONDS, Kind, Metric

LATER_STAGES: Final = (
    "bad_record", "clock_step", "delivery_failed", "pod_failed", "scan_failed", "scan_unsure", "spool_broken",
    "spool_failed", "spool_full",
)  # fmt: skip
"""Where something can be lost behind the kernel."""
STAGES: Final = (*(counter.name.lower() for counter in LOST), *LATER_STAGES)
REASONS: Final = tuple(counter.name.lower() for counter in IGNORED)
PLACES: Final = ("memory", "files")
"""Where batches wait for Kafka."""


def _counter(name: str, text: str, **label: tuple[str, ...]) -> Metric:
    return _metric(f"{name}_total", Kind.COUNTER, text, label)


def _gauge(name: str, text: str, **label: tuple[str, ...]) -> Metric:
    return _metric(name, Kind.GAUGE, text, label)


def _seconds(name: str, text: str) -> Metric:
    return Metric(f"netpol_collector_{name}_duration_seconds", Kind.HISTOGRAM, text, buckets=SECONDS)


def _metric(name: str, kind: Kind, text: str, label: dict[str, tuple[str, ...]]) -> Metric:
    (values,) = label.values() or ((),)
    return Metric(f"netpol_collector_{name}", kind, text, tuple(label), values)


EDGES: Final = _counter("edges", "Edges put into batches: connections without their ephemeral port, once a report.")
CONNECTIONS: Final = _counter("connections", "Connections and flows begun, as counted in those edges.")
BATCHES: Final = _counter("batches", "Batches made, one or more each interval, also when nothing was seen.")
SEQUENCE: Final = _gauge("sequence", "Sequence number of the last batch made; -1 before the first, from 0 each start.")
LOST_TOTAL: Final = _counter(
    "lost",
    "Connections or records not observed or not delivered, by stage; equal to the losses in the last batch made.",
    stage=STAGES,
)
IGNORED_TOTAL: Final = _counter(
    "ignored", "Connections left out on purpose, by reason; equal to `ignored` in the last batch made.", reason=REASONS
)
HELD: Final = _gauge(
    "held_connections",
    "Connections counted on edges that were told before; a later batch tells them, a kill before it loses them.",
)
ACKNOWLEDGED: Final = _counter("acknowledged_batches", "Batches that Kafka acknowledged.")
PUBLISHED: Final = _counter("published_bytes", "Bytes of the acknowledged batches, before Kafka's compression.")
UNACKNOWLEDGED: Final = _gauge(
    "last_acknowledgement_age_seconds",
    "Seconds since Kafka last acknowledged a batch, since the start if it never did; by the node's monotonic clock, "
    "so that a wrong wall clock does not matter.",
)
SPOOL_BATCHES: Final = _gauge("spool_batches", "Batches that wait for Kafka's acknowledgement, by place.", place=PLACES)
SPOOL_BYTES: Final = _gauge("spool_bytes", "Bytes of the batches that wait, by place.", place=PLACES)
DRAIN: Final = _seconds("drain", "Time to take everything out of the kernel's map; the count is that of the drains.")
MAP_FILL: Final = _gauge(
    "map_fill_ratio", "How full the kernel's map of edges was when it was last drained, 0 to 1; at 1, `map_full` loses."
)
SCAN: Final = _seconds("scan", "Time to scan the sockets of every network namespace; the count is that of the scans.")
SCAN_FAILURES: Final = _counter("scan_failures", "Network namespaces that a scan could not read.")
PODS: Final = _gauge("pods", "Pods on this node whose network namespace or cgroup is known.")
FEATURE: Final = Metric(
    "netpol_collector_feature_enabled",
    Kind.GAUGE,
    "1 if the feature works on this node, 0 if the kernel or a privilege lacks what it needs; `doctor` tells why.",
    labels=("feature",),
)
BUILD: Final = Metric(
    "netpol_collector_build_info", Kind.GAUGE, "Always 1; which version runs on which kernel.", ("version", "kernel")
)

DEFINITIONS: Final = (
    EDGES, CONNECTIONS, BATCHES, SEQUENCE, LOST_TOTAL, IGNORED_TOTAL, HELD, ACKNOWLEDGED, PUBLISHED, UNACKNOWLEDGED,
    SPOOL_BATCHES, SPOOL_BYTES, DRAIN, MAP_FILL, SCAN, SCAN_FAILURES, PODS, FEATURE, BUILD,
)  # fmt: skip
