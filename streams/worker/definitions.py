"""The metrics of `stream`: names, help texts and labels, of which the reference page is made."""

from typing import Final

from schemas.metrics import SECONDS, Kind, Metric
from schemas.topics import CONNECTIONS, INVENTORY, WORKLOAD_EDGES, WORKLOAD_WINDOWS

INPUTS: Final = (CONNECTIONS.name, WORKLOAD_EDGES.name)
OUTPUTS: Final = (WORKLOAD_EDGES.name, WORKLOAD_WINDOWS.name)
READ: Final = (*INPUTS, INVENTORY.name)


def _counter(name: str, text: str, **label: tuple[str, ...]) -> Metric:
    return _metric(f"{name}_total", Kind.COUNTER, text, label)


def _gauge(name: str, text: str, **label: tuple[str, ...]) -> Metric:
    return _metric(name, Kind.GAUGE, text, label)


def _seconds(name: str, text: str) -> Metric:
    return Metric(f"netpol_stream_{name}_duration_seconds", Kind.HISTOGRAM, text, buckets=(*SECONDS, 15.0, 60.0))


def _metric(name: str, kind: Kind, text: str, label: dict[str, tuple[str, ...]]) -> Metric:
    known = next(iter(label.values())) if len(label) == 1 else ()
    return Metric(f"netpol_stream_{name}", kind, text, tuple(label), known)


RECORDS: Final = _counter("records", "Records taken from a topic and done, bad ones included.", topic=INPUTS)
BATCHES: Final = _counter("batches", "Batches of connections enriched.")
CONNECTIONS_IN: Final = _counter(
    "connections", "Connections in these batches: those used, unresolved and ignored together."
)
USED: Final = _counter("used_connections", "Connections that an edge of a workload counts.")
UNRESOLVED: Final = _counter(
    "unresolved_connections", "Connections of which nobody knows whose they were, by reason; never guessed.", reason=()
)
IGNORED: Final = _counter("ignored_connections", "Connections that concern no policy, by reason.", reason=())
EDGES_OUT: Final = _counter(
    "edges_out", "Observations of edges written to `netpol.workload-edges`; each goes to the workload of either end."
)
EDGES_IN: Final = _counter("edges_in", "Observations of edges read from there and put into windows.")
EMITTED: Final = _counter("emitted_records", "Records written and acknowledged, by topic.", topic=OUTPUTS)
DEAD_LETTERS: Final = _counter(
    "dead_letters", "Records that could not be used, by the topic they came from.", topic=READ
)
MOVED: Final = _counter(
    "late_connections", "Connections counted in a later window, since their own is not kept any more."
)
ENRICH: Final = _seconds(
    "enrich",
    "Time of a step of the first stage, from taking batches to the commit, waiting for the inventory included.",
)
WINDOW: Final = _seconds("window", "Time of a step of the second stage, from taking records to the commit.")
LAG: Final = _gauge(
    "lag_records",
    "Records that wait in a partition of ours: its end less what is committed, asked of Kafka every ten seconds.",
    topic=(),
    partition=(),
)
REBALANCES: Final = _counter("rebalances", "Times that the group shared out its partitions again.")
WAITING: Final = _gauge("waiting_bytes", "Bytes fetched from Kafka that no step has taken yet.", topic=INPUTS)
WINDOWS: Final = _gauge("windows", "Windows of workloads kept in memory, open ones and those kept for late edges.")
WINDOW_EDGES: Final = _gauge("window_edges", "Edges in these windows: what the size of the state follows from.")
INVENTORY_AGE: Final = _gauge(
    "inventory_age_seconds",
    "Time since the moment up to which the inventory is complete, by our clock; it grows while `follow` is away.",
    cluster=(),
)
INVENTORY_OBJECTS: Final = _gauge(
    "inventory_objects",
    "Objects that are remembered: pod (ended ones too), controller, service, node.",
    cluster=(),
    kind=(),
)
INVENTORY_READ: Final = _counter("inventory_records", "Records of `netpol.inventory` read since the start.")
INVENTORY_UNUSABLE: Final = _counter(
    "inventory_unusable_records",
    "Of these, records that could not be used. Each start meets them again; only the first meeting is a dead letter.",
)
BUILD: Final = Metric("netpol_stream_build_info", Kind.GAUGE, "Always 1; which version runs.", ("version",))

DEFINITIONS: Final = (
    RECORDS, BATCHES, CONNECTIONS_IN, USED, UNRESOLVED, IGNORED, EDGES_OUT, EDGES_IN, EMITTED, DEAD_LETTERS, MOVED,
    ENRICH, WINDOW, LAG, REBALANCES, WAITING, WINDOWS, WINDOW_EDGES, INVENTORY_AGE, INVENTORY_OBJECTS,
    INVENTORY_READ, INVENTORY_UNUSABLE, BUILD,
)  # fmt: skip
