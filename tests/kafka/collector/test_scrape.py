"""A scraped collector: what Prometheus reads is what the topic says, and the probes follow what it does."""

import json
import socket

import pytest
from namespaces import SERVER, connect
from programs import programs, wait_until
from scraped import Scraped

pytestmark = [pytest.mark.kernel, pytest.mark.kafka]


@pytest.fixture
def started(kafka, cgroup, tmp_path):
    """Starts `collect` on any free port."""
    with programs(kafka, tmp_path) as children:

        def start(*options):
            watched = ("--cgroup", cgroup, "--node", "n1")
            return Scraped(children.start("collect", *watched, "--metrics-address", "127.0.0.1:0", *options))

        yield start


def test_a_scrape_says_what_the_topic_says(started, pair, published):
    """Connections, edges, acknowledgements and what was left out are equal to the batches'; no stage has lost any."""
    collector = started("--interval", "0.2", "--repeat", "0")
    with pair.server.listen(socket.AF_INET, SERVER, 80) as listening:
        connect(pair.client, listening, (SERVER, 80), 53)
    wait_until(
        lambda: collector.samples()["netpol_collector_connections_total",] == 106, 20, "53 connections, each end once"
    )
    wait_until(lambda: collector.samples()["netpol_collector_published_bytes_total",] > 0, 20, "an acknowledgement")
    shown = collector.samples()
    assert shown["netpol_collector_edges_total",] >= 2
    assert {value for key, value in shown.items() if key[0] == "netpol_collector_lost_total"} == {0}
    assert shown["netpol_collector_drain_duration_seconds_count",] > 0
    assert collector.child.stop() == 0
    batches = [batch for _, _, batch in published()]
    assert sum(sum(batch.connections.counts) for batch in batches) == 106
    told = [batch for batch in batches if batch.sequence <= shown["netpol_collector_sequence",]]
    assert sum(len(batch.connections) for batch in told) == shown["netpol_collector_edges_total",]
    assert len(told) == shown["netpol_collector_batches_total",]


def test_ready_once_a_batch_is_acknowledged(started):
    """Before the first report it says that Kafka has acknowledged nothing, and is live all the same."""
    collector = started("--interval", "3")
    status, body = collector.ask("/ready")
    assert (status, json.loads(body)["missing"]) == (503, ["Kafka has not acknowledged a batch yet"])
    assert collector.ask("/live")[0] == 200
    wait_until(lambda: collector.ask("/ready")[0] == 200, 20, "ready after the first acknowledgement")


def test_a_port_in_use_ends_it_with_what_to_do(kafka, cgroup, tmp_path):
    """Exit code 2, and the port by its number."""
    with socket.create_server(("127.0.0.1", 0)) as other, programs(kafka, tmp_path) as children:
        port = other.getsockname()[1]
        options = ("--cgroup", cgroup, "--metrics-address", f"127.0.0.1:{port}")
        collector = children.start("collect", *options, ready=False)
        assert collector.wait(30) == 2
        assert f"port {port} is in use; give another" in collector.log.read_text()
