"""What a worker counts, as one scrape sees it."""

from types import SimpleNamespace

import pytest

from schemas.topics import CONNECTIONS, WORKLOAD_EDGES
from streams.directory.inventory import Seen
from streams.intake import BadArrival, Output, Result
from streams.tally import Held, Tally
from streams.worker.health import StreamHealth
from streams.worker.metrics import StreamMetrics
from streams.worker.progress import Offsets, Share

OUTPUT = Output("t", 0, None, b"")
NOW_MS = 1_800_000_000_000


@pytest.fixture
def seen():
    return Seen(read=100, unusable=3, letters=1)


@pytest.fixture
def metrics(seen):
    inventory = SimpleNamespace(
        seen=seen, watermarks=lambda: {"a": NOW_MS - 2_500, "b": 0}, objects=lambda: {"a": {"pod": 3}}
    )
    return StreamMetrics(inventory, StreamHealth(0.0), clock=lambda: 0.0, wall=lambda: NOW_MS)


def value(metrics, name, **labels):
    return metrics.probes.registry.get_sample_value(f"netpol_stream_{name}", labels)


def test_connections_in_are_used_unresolved_and_ignored(metrics):
    """Law 4, as an operator can add it up."""
    tally = Tally(2, 10, 6, (("ambiguous", 1), ("unknown", 2)), (("loopback", 1),), 12)
    metrics.stepped(CONNECTIONS, 3, 0.2, Result((OUTPUT, OUTPUT), (BadArrival(None, "x"),), tally))
    assert value(metrics, "connections_total") == 10
    parts = [
        value(metrics, "used_connections_total"),
        value(metrics, "unresolved_connections_total", reason="ambiguous"),
        value(metrics, "unresolved_connections_total", reason="unknown"),
        value(metrics, "ignored_connections_total", reason="loopback"),
    ]
    assert sum(parts) == 10
    assert value(metrics, "batches_total") == 2
    assert value(metrics, "edges_out_total") == 12
    assert value(metrics, "records_total", topic="netpol.connections") == 3
    assert value(metrics, "dead_letters_total", topic="netpol.connections") == 1
    assert value(metrics, "emitted_records_total", topic="netpol.workload-edges") == 2
    assert value(metrics, "enrich_duration_seconds_count") == 1


def test_the_second_stage_is_counted_apart(metrics):
    metrics.stepped(WORKLOAD_EDGES, 1, 0.2, Result((OUTPUT,), (), Tally(edges=7)))
    assert value(metrics, "edges_in_total") == 7
    assert value(metrics, "edges_out_total") == 0
    assert value(metrics, "emitted_records_total", topic="netpol.workload-windows") == 1
    assert value(metrics, "window_duration_seconds_count") == 1


def test_a_partition_that_is_another_workers_is_shown_no_more(metrics):
    """Else its lag would stand still for ever, and be counted twice."""
    metrics.stands([(Share("t", 0), Offsets(0, 9, 4)), (Share("t", 1), Offsets(0, 9, 9))])
    assert value(metrics, "lag_records", topic="t", partition="0") == 5
    assert value(metrics, "lag_records", topic="t", partition="1") == 0
    metrics.stands([(Share("t", 1), Offsets(0, 9, 9))])
    assert value(metrics, "lag_records", topic="t", partition="0") is None


def test_state_is_the_sum_of_the_stages(metrics):
    metrics.held({CONNECTIONS: (50, Held()), WORKLOAD_EDGES: (7, Held(windows=3, edges=20, moved=2))})
    assert value(metrics, "waiting_bytes", topic="netpol.connections") == 50
    assert value(metrics, "windows") == 3
    assert value(metrics, "window_edges") == 20
    assert value(metrics, "late_connections_total") == 2


def test_the_inventorys_age_grows_by_itself(metrics):
    """A cluster without any heartbeat has none; the first look shows it as missing."""
    assert value(metrics, "inventory_age_seconds", cluster="a") == 2.5
    assert value(metrics, "inventory_age_seconds", cluster="b") is None


def test_the_inventorys_records_are_counted(metrics, seen):
    seen.read = 200
    assert value(metrics, "inventory_records_total") == 200
    assert value(metrics, "inventory_unusable_records_total") == 3
    assert value(metrics, "dead_letters_total", topic="netpol.inventory") == 1


def test_the_inventorys_objects_are_counted_by_kind(metrics):
    assert value(metrics, "inventory_objects", cluster="a", kind="pod") == 3
