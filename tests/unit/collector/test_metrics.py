"""What the run loop tells the metrics is what a scrape shows, and equals the ledger that travels in the batches."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from collector.definitions import DEFINITIONS, REASONS, STAGES
from collector.metrics import CollectorMetrics
from collector.publish import PublishState
from collector.spool import Held
from schemas.metrics import Kind
from schemas.records import Basis, Connection, ConnectionBatch, Connections, Protocol, Role
from schemas.records.types import counts_of

BATCH = ConnectionBatch("c", "n", "b", sequence=0, interval_start=0, interval_end=5000)
NOTHING = Held()
ROW = Connection(Role.CLIENT, Basis.CONNECT, Protocol.TCP, b"\x0a\0\0\1", b"\x0a\0\0\2", 80, True, 3, 1, 2)  # noqa: FBT003


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def metrics(clock):
    return CollectorMetrics(5.0, clock)


def scrape(metrics):
    """Samples by name and labels, as Prometheus reads them."""
    text = generate_latest(metrics.probes.registry).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("netpol")
    }


@st.composite
def ledgers(draw):
    """Batches of one boot: what each of them adds to its ledger."""
    names = st.sampled_from(STAGES), st.sampled_from(REASONS)
    losses, ignored, batches = {}, {}, []
    for sequence in range(draw(st.integers(1, 6))):
        for ledger, name in zip((losses, ignored), names, strict=True):
            for stage, more in draw(st.dictionaries(name, st.integers(0, 10**9))).items():
                ledger[stage] = ledger.get(stage, 0) + more
        rows = [replace(ROW, count=count) for count in draw(st.lists(st.integers(0, 1000), max_size=4))]
        batches.append(
            replace(
                BATCH,
                sequence=sequence,
                held=draw(st.integers(0, 10**6)),
                connections=Connections.of(rows, 0),
                losses=counts_of(losses),
                ignored=counts_of(ignored),
            )
        )
    return batches


@given(batches=ledgers())
def test_counters_equal_the_ledger_after_each_batch(batches):
    """Whatever a batch says is lost or ignored, the scrape after it says too, and all counters only grow."""
    metrics, before = CollectorMetrics(5.0, Clock()), {}
    for batch in batches:
        metrics.made(batch)
        shown = scrape(metrics)
        lost = {stage: shown["netpol_collector_lost_total", stage] for stage in STAGES}
        ignored = {reason: shown["netpol_collector_ignored_total", reason] for reason in REASONS}
        assert lost == {**dict.fromkeys(STAGES, 0), **dict(batch.losses)}
        assert ignored == {**dict.fromkeys(REASONS, 0), **dict(batch.ignored)}
        totals = {key: value for key, value in shown.items() if key[0].endswith("_total")}
        assert all(value >= before.get(key, 0) for key, value in totals.items())
        before = totals
    assert shown["netpol_collector_edges_total",] == sum(len(batch.connections) for batch in batches)
    assert shown["netpol_collector_connections_total",] == sum(sum(batch.connections.counts) for batch in batches)
    assert shown["netpol_collector_batches_total",] == len(batches)
    assert shown["netpol_collector_sequence",] == batches[-1].sequence
    assert shown["netpol_collector_held_connections",] == batches[-1].held


def test_a_loss_at_a_stage_without_a_name_here_is_shown_all_the_same(metrics):
    """A new stage must not vanish because nobody listed it."""
    metrics.made(replace(BATCH, losses=(("new_stage", 7),)))
    assert scrape(metrics)["netpol_collector_lost_total", "new_stage"] == 7


def test_a_counter_never_goes_back(metrics):
    """An older ledger, told after a newer one, changes nothing: a fall would be read as a restart."""
    metrics.made(replace(BATCH, losses=(("map_full", 9),)))
    metrics.made(replace(BATCH, losses=(("map_full", 4),)))
    assert scrape(metrics)["netpol_collector_lost_total", "map_full"] == 9


def test_drains_are_timed_and_turn_the_loop(metrics, clock):
    """A drain of 20 ms is in every bucket from 50 ms on."""
    clock.now = 500
    assert not metrics.probes.live().ok
    metrics.drained(0.02, fill=0.25)
    shown = scrape(metrics)
    name = "netpol_collector_drain_duration_seconds"
    assert [shown[f"{name}_bucket", bound] for bound in ("0.01", "0.05", "+Inf")] == [0, 1, 1]
    assert (shown[f"{name}_sum",], shown[f"{name}_count",]) == (0.02, 1)
    assert shown["netpol_collector_map_fill_ratio",] == 0.25
    assert metrics.probes.live().ok


def test_acknowledgements_make_it_ready_and_young(metrics, clock):
    """The age is taken at the scrape, not at the last event."""
    metrics.attached({"udp": True})
    clock.now = 100
    metrics.publisher(PublishState(1, 1234, 99, NOTHING, NOTHING))
    metrics.publisher(PublishState(2, 2000, 100, NOTHING, NOTHING))
    assert metrics.probes.ready().ok
    clock.now = 107
    shown = scrape(metrics)
    assert shown["netpol_collector_last_acknowledgement_age_seconds",] == 7
    assert shown["netpol_collector_acknowledged_batches_total",] == 2
    assert shown["netpol_collector_published_bytes_total",] == 2000
    metrics.detached()
    assert not metrics.probes.ready().ok


def test_spool_scans_pods_and_features_are_shown(metrics):
    """Each by its own name, with what was told last; failures add up."""
    metrics.publisher(PublishState(0, 0, None, in_memory=Held(2, 100), in_files=Held(3, 4096)))
    metrics.scanned(0.5, failed=2)
    metrics.scanned(0.5, failed=1)
    metrics.pods(11)
    metrics.attached({"udp": True, "scan": False})
    expected = {
        ("netpol_collector_spool_batches", "files"): 3,
        ("netpol_collector_spool_bytes", "files"): 4096,
        ("netpol_collector_spool_batches", "memory"): 2,
        ("netpol_collector_spool_bytes", "memory"): 100,
        ("netpol_collector_scan_duration_seconds_count",): 2,
        ("netpol_collector_scan_failures_total",): 3,
        ("netpol_collector_pods",): 11,
        ("netpol_collector_feature_enabled", "udp"): 1,
        ("netpol_collector_feature_enabled", "scan"): 0,
    }
    shown = scrape(metrics)
    assert {key: shown[key] for key in expected} == expected


@pytest.mark.parametrize("metric", DEFINITIONS, ids=lambda metric: metric.name)
def test_names_follow_the_conventions(metric):
    """prometheus.io/docs/practices/naming: counters and only they end in _total; time is in seconds."""
    assert metric.name.startswith("netpol_collector_")
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert not metric.name.endswith(("_ms", "_millis", "_mib", "_kb", "_percent"))
    assert metric.help.endswith(".")
    assert not metric.known or len(metric.labels) == 1
