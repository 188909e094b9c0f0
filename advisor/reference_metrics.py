"""The generated page of the metrics, and alert rules that use them."""

from collections.abc import Iterator
from typing import Final

from collector import definitions as collector
from schemas.metrics import Metric, Metrics, registry
from streams.follow import definitions as follow
from streams.worker import definitions as stream

ALERTS: Final = """\
groups:
  - name: netpol-collector
    rules:
      - alert: NetpolCollectorLosesConnections
        expr: sum by (instance, stage) (increase(netpol_collector_lost_total[10m])) > 0
        annotations:
          summary: "{{ $labels.instance }} lost what it saw or did not see all, at the stage {{ $labels.stage }}"
      - alert: NetpolCollectorMapFillsUp
        expr: max_over_time(netpol_collector_map_fill_ratio[10m]) > 0.8
        annotations:
          summary: "{{ $labels.instance }} needs a larger --map-entries before it loses edges"
      - alert: NetpolCollectorDoesNotPublish
        expr: netpol_collector_last_acknowledgement_age_seconds > 120
        for: 1m
        annotations:
          summary: "Kafka has acknowledged nothing of {{ $labels.instance }} for {{ $value | humanizeDuration }}"
      - alert: NetpolCollectorSpoolGrows
        expr: deriv(netpol_collector_spool_bytes[10m]) > 0 and netpol_collector_spool_batches > 10
        for: 10m
        annotations:
          summary: "{{ $labels.instance }} makes batches faster than Kafka takes them ({{ $labels.place }})"
      - alert: NetpolCollectorDrainsSlowly
        expr: >-
          histogram_quantile(0.99, sum by (instance, le)
          (rate(netpol_collector_drain_duration_seconds_bucket[10m]))) > 1
        for: 10m
        annotations:
          summary: "{{ $labels.instance }} takes more than a second to empty the kernel's map"
      - alert: NetpolCollectorCannotScan
        expr: increase(netpol_collector_scan_failures_total[30m]) > 0
        annotations:
          summary: "{{ $labels.instance }} cannot look into some network namespaces: run `network-policy doctor` there"
      - alert: NetpolCollectorLacksFeature
        expr: netpol_collector_feature_enabled == 0
        for: 10m
        labels: {severity: info}
        annotations:
          summary: "{{ $labels.instance }} works without {{ $labels.feature }}"
  - name: netpol-follow
    rules:
      - alert: NetpolInventoryIsOld
        expr: >-
          max(netpol_follow_leader) < 1
          or max(netpol_follow_heartbeat_age_seconds and netpol_follow_leader == 1) > 60
        for: 2m
        annotations:
          summary: "Nobody says that the inventory is complete: connections wait, then become unresolved"
      - alert: NetpolFollowListsTooOften
        expr: sum by (kind) (increase(netpol_follow_lists_total[1h])) > 20
        annotations:
          summary: "{{ $labels.kind }} was listed {{ $value | humanize }} times in an hour; a watch should last"
      - alert: NetpolFollowCannotUseObjects
        expr: increase(netpol_follow_unusable_objects_total[1h]) > 0
        annotations:
          summary: "The API server has objects with fields of a wrong type; they are left as they were published"
  - name: netpol-stream
    rules:
      - alert: NetpolStreamFallsBehind
        expr: >-
          sum by (topic) (netpol_stream_lag_records) > 10000
          and sum by (topic) (deriv(netpol_stream_lag_records[10m])) > 0
        for: 10m
        annotations:
          summary: "{{ $value | humanize }} records wait in {{ $labels.topic }}, and more and more: add workers"
      - alert: NetpolStreamInventoryIsOld
        expr: netpol_stream_inventory_age_seconds > 60
        for: 2m
        annotations:
          summary: "The inventory of {{ $labels.cluster }} is {{ $value | humanizeDuration }} old: is `follow` running?"
      - alert: NetpolStreamCannotUseRecords
        expr: sum by (topic) (increase(netpol_stream_dead_letters_total[10m])) > 0
        annotations:
          summary: "Records of {{ $labels.topic }} are in netpol.dead-letters, with the reason of each"
      - alert: NetpolStreamDoesNotResolve
        expr: >-
          sum(rate(netpol_stream_unresolved_connections_total[30m]))
          > 0.05 * sum(rate(netpol_stream_connections_total[30m]))
        for: 30m
        annotations:
          summary: "More than one connection in twenty is of nobody that is known; see the reasons by label"
      - alert: NetpolStreamRebalances
        expr: sum by (instance) (increase(netpol_stream_rebalances_total[1h])) > 10
        annotations:
          summary: "{{ $labels.instance }} got its partitions {{ $value | humanize }} times in an hour; do workers die?"
"""

_INTRODUCTION: Final = """\
# Metrics and health

A program that is started with `--metrics-address HOST:PORT` (or `NETPOL_METRICS_ADDRESS`) answers GET and HEAD there:

| path | answer |
|---|---|
| `/metrics` | the metrics below, in Prometheus' text format |
| `/ready` | 200 while it does its work for others, else 503 |
| `/live` | 200 while it makes progress, else 503: restart it |

`/ready` and `/live` come with a JSON object: `{"ok": false, "missing": ["Kafka has not acknowledged a batch yet"]}`.
Nothing is opened without the option. In Kubernetes give the pod's own address, `[$(POD_IP)]:9464`: the kubelet and
Prometheus do not reach its loopback.

The collector is ready while its programs are attached to the kernel and Kafka acknowledged a batch within three
intervals and 10 seconds. It is live while its drain loop turned within the same time (a minute more at the start).
Kafka's absence makes it unready but not dead, because a restart would throw away the batches that wait in memory.

`follow` is ready while it said within 30 seconds and three heartbeats that the inventory is complete, or stands by
while another instance says it. It is live while its loop turned within two minutes and a heartbeat (ten minutes at the
start, for a large inventory); the absence of the API server makes it unready but not dead.

`stream` is ready while the inventory has been read to its end, the group has said which partitions are its own, their
windows have been read back, and Kafka answered within 45 seconds. It is live while it makes progress: its loop turned
within a minute, and no partition of its own has had records waiting for two minutes (and the wait for the inventory)
without one of them being done. Kafka's absence makes it unready but not dead, because a restart would not help.

A client gets 5 seconds in all, and 100 clients are served at a time; neither holds up the collecting. Answers are
neither encrypted nor restricted: they tell counts, never addresses or names of workloads.

Counters begin at 0 with each start of a program."""

PROGRAMS: Final = (
    (
        "Collector",
        "Counters of loss and of what is left out are the ledger of the last batch: topic and metrics say the same.",
        collector.DEFINITIONS,
    ),
    (
        "Follow",
        "An instance that stands by watches nothing: `leader` is 0, and so are the rest.",
        follow.DEFINITIONS,
    ),
    (
        "Stream",
        "Connections in are those used, unresolved and ignored. Each worker tells of its own partitions: add them up.",
        stream.DEFINITIONS,
    ),
)
"""Each program with what a reader of its metrics should know."""


def metrics_page() -> Iterator[str]:
    """The page, line by line."""
    yield _INTRODUCTION
    for title, text, definitions in PROGRAMS:
        yield f"\n## {title}\n\n{text}\n"
        yield "| metric | type | labels | meaning |\n|---|---|---|---|"
        for metric in definitions:
            yield f"| `{metric.name}` | {metric.kind.value} | {_labels(metric)} | {metric.help} |"
    yield "\n## Every program\n\n| metric | type | meaning |\n|---|---|---|"
    for family in registry(Metrics(())).collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        yield f"| `{name}` | {family.type} | {family.documentation} |"
    yield f"\n## Alerts to begin with\n\n```yaml\n{ALERTS}```"


def _labels(metric: Metric) -> str:
    return "; ".join(f"`{name}`{_values(metric)}" for name in metric.labels)


def _values(metric: Metric) -> str:
    return f" ({', '.join(metric.known)})" if metric.known else ""
