"""The collector's metrics: names, help texts and labels, of which the reference page is made."""

from typing import Final

from collector.layout import IGNORED, LOST
from schemas.metrics import Names

LATER_STAGES: Final = (
    "bad_record", "clock_step", "delivery_failed", "pod_failed", "scan_failed", "scan_unsure", "spool_broken",
    "spool_failed", "spool_full",
)  # fmt: skip
"""Where something can be lost behind the kernel."""
STAGES: Final = (*(counter.name.lower() for counter in LOST), *LATER_STAGES)
REASONS: Final = tuple(counter.name.lower() for counter in IGNORED)
PLACES: Final = ("memory", "files")
"""Where batches wait for Kafka."""
_NAMES: Final = Names("netpol_collector")

EDGES: Final = _NAMES.counter(
    "edges", "Edges put into batches: connections without their ephemeral port, once a report."
)
CONNECTIONS: Final = _NAMES.counter("connections", "Connections and flows begun, as counted in those edges.")
BATCHES: Final = _NAMES.counter("batches", "Batches made, one or more each interval, also when nothing was seen.")
SEQUENCE: Final = _NAMES.gauge(
    "sequence", "Sequence number of the last batch made; -1 before the first, from 0 each start."
)
LOST_TOTAL: Final = _NAMES.counter(
    "lost",
    "Connections or records not observed or not delivered, by stage; equal to the losses in the last batch made.",
    stage=STAGES,
)
IGNORED_TOTAL: Final = _NAMES.counter(
    "ignored", "Connections left out on purpose, by reason; equal to `ignored` in the last batch made.", reason=REASONS
)
HELD: Final = _NAMES.gauge(
    "held_connections",
    "Connections counted on edges that were told before; a later batch tells them, a kill before it loses them.",
)
ACKNOWLEDGED: Final = _NAMES.counter("acknowledged_batches", "Batches that Kafka acknowledged.")
PUBLISHED: Final = _NAMES.counter("published_bytes", "Bytes of the acknowledged batches, before Kafka's compression.")
UNACKNOWLEDGED: Final = _NAMES.gauge(
    "last_acknowledgement_age_seconds",
    "Seconds since Kafka last acknowledged a batch, since the start if it never did; by the node's monotonic clock, "
    "so that a wrong wall clock does not matter.",
)
SPOOL_BATCHES: Final = _NAMES.gauge(
    "spool_batches", "Batches that wait for Kafka's acknowledgement, by place.", place=PLACES
)
SPOOL_BYTES: Final = _NAMES.gauge("spool_bytes", "Bytes of the batches that wait, by place.", place=PLACES)
DRAIN: Final = _NAMES.seconds(
    "drain", "Time to take everything out of the kernel's map; the count is that of the drains."
)
MAP_FILL: Final = _NAMES.gauge(
    "map_fill_ratio", "How full the kernel's map of edges was when it was last drained, 0 to 1; at 1, `map_full` loses."
)
SCAN: Final = _NAMES.seconds(
    "scan", "Time to scan the sockets of every network namespace; the count is that of the scans."
)
SCAN_FAILURES: Final = _NAMES.counter("scan_failures", "Network namespaces that a scan could not read.")
PODS: Final = _NAMES.gauge("pods", "Pods on this node whose network namespace or cgroup is known.")
FEATURE: Final = _NAMES.gauge(
    "feature_enabled",
    "1 if the feature works on this node, 0 if the kernel or a privilege lacks what it needs; `doctor` tells why.",
    feature=(),
)
BUILD: Final = _NAMES.gauge("build_info", "Always 1; which version runs on which kernel.", version=(), kernel=())

DEFINITIONS: Final = (
    EDGES, CONNECTIONS, BATCHES, SEQUENCE, LOST_TOTAL, IGNORED_TOTAL, HELD, ACKNOWLEDGED, PUBLISHED, UNACKNOWLEDGED,
    SPOOL_BATCHES, SPOOL_BYTES, DRAIN, MAP_FILL, SCAN, SCAN_FAILURES, PODS, FEATURE, BUILD,
)  # fmt: skip
