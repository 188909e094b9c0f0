"""The metrics of `stream`: names, help texts and labels, of which the reference page is made."""

from typing import Final

from schemas.metrics import SECONDS, Names
from schemas.topics import CONNECTIONS, INVENTORY, WORKLOAD_EDGES, WORKLOAD_WINDOWS

INPUTS: Final = (CONNECTIONS.name, WORKLOAD_EDGES.name)
OUTPUTS: Final = (WORKLOAD_EDGES.name, WORKLOAD_WINDOWS.name)
READ: Final = (*INPUTS, INVENTORY.name)
_NAMES: Final = Names("netpol_stream")
_BUCKETS: Final = (*SECONDS, 15.0, 60.0)

RECORDS: Final = _NAMES.counter("records", "Records taken from a topic and done, bad ones included.", topic=INPUTS)
BATCHES: Final = _NAMES.counter("batches", "Batches of connections enriched.")
CONNECTIONS_IN: Final = _NAMES.counter(
    "connections", "Connections in these batches: those used, unresolved and ignored together."
)
USED: Final = _NAMES.counter("used_connections", "Connections that an edge of a workload counts.")
UNRESOLVED: Final = _NAMES.counter(
    "unresolved_connections", "Connections of which nobody knows whose they were, by reason; never guessed.", reason=()
)
IGNORED: Final = _NAMES.counter("ignored_connections", "Connections that concern no policy, by reason.", reason=())
EDGES_OUT: Final = _NAMES.counter(
    "edges_out", "Observations of edges written to `netpol.workload-edges`; each goes to the workload of either end."
)
EDGES_IN: Final = _NAMES.counter("edges_in", "Observations of edges read from there and put into windows.")
EMITTED: Final = _NAMES.counter("emitted_records", "Records written and acknowledged, by topic.", topic=OUTPUTS)
DEAD_LETTERS: Final = _NAMES.counter(
    "dead_letters", "Records that could not be used, by the topic they came from.", topic=READ
)
MOVED: Final = _NAMES.counter(
    "late_connections", "Connections counted in a later window, since their own is not kept any more."
)
ENRICH: Final = _NAMES.seconds(
    "enrich",
    "Time of a step of the first stage, from taking batches to the commit, waiting for the inventory included.",
    _BUCKETS,
)
WINDOW: Final = _NAMES.seconds(
    "window", "Time of a step of the second stage, from taking records to the commit.", _BUCKETS
)
LAG: Final = _NAMES.gauge(
    "lag_records",
    "Records that wait in a partition of ours: its end less what is committed, asked of Kafka every ten seconds.",
    topic=(),
    partition=(),
)
REBALANCES: Final = _NAMES.counter("rebalances", "Times that the group shared out its partitions again.")
WAITING: Final = _NAMES.gauge("waiting_bytes", "Bytes fetched from Kafka that no step has taken yet.", topic=INPUTS)
WINDOWS: Final = _NAMES.gauge(
    "windows", "Windows of workloads kept in memory, open ones and those kept for late edges."
)
WINDOW_EDGES: Final = _NAMES.gauge("window_edges", "Edges in these windows: what the size of the state follows from.")
INVENTORY_AGE: Final = _NAMES.gauge(
    "inventory_age_seconds",
    "Time since the moment up to which the inventory is complete, by our clock; it grows while `follow` is away.",
    cluster=(),
)
INVENTORY_OBJECTS: Final = _NAMES.gauge(
    "inventory_objects",
    "Objects that are remembered: pod (ended ones too), controller, service, node.",
    cluster=(),
    kind=(),
)
INVENTORY_READ: Final = _NAMES.counter("inventory_records", "Records of `netpol.inventory` read since the start.")
INVENTORY_UNUSABLE: Final = _NAMES.counter(
    "inventory_unusable_records",
    "Of these, records that could not be used. Each start meets them again; only the first meeting is a dead letter.",
)
BUILD: Final = _NAMES.gauge("build_info", "Always 1; which version runs.", version=())

DEFINITIONS: Final = (
    RECORDS, BATCHES, CONNECTIONS_IN, USED, UNRESOLVED, IGNORED, EDGES_OUT, EDGES_IN, EMITTED, DEAD_LETTERS, MOVED,
    ENRICH, WINDOW, LAG, REBALANCES, WAITING, WINDOWS, WINDOW_EDGES, INVENTORY_AGE, INVENTORY_OBJECTS,
    INVENTORY_READ, INVENTORY_UNUSABLE, BUILD,
)  # fmt: skip
