"""The whole path on the demo's recorded shop: calm, and with every program killed in the middle, the same files.

trace.jsonl ──► collect --replay ──► stream ──► synthesize ──► files
killed? no     kill -9      kill -9
"""

import dataclasses
import itertools

import pytest
import yaml
from programs import Programs, files_of, programs, records, wait_until

from advisor.demo.cluster import place
from advisor.demo.manifest import load
from advisor.demo.objects import objects_yaml
from advisor.demo.trace import TRACE, began
from schemas.topic_admin import Layout, create_topics
from schemas.topics import CONNECTIONS, DEAD_LETTERS, POLICY_SUGGESTIONS, WORKLOAD_EDGES, WORKLOAD_WINDOWS

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
WINDOW = ("--window", 10, "--lateness", 2)


@pytest.fixture
def objects(tmp_path):
    path = tmp_path / "objects.yaml"
    path.write_text(objects_yaml(place(load()), began(TRACE.read_text())))
    return path


def workloads():
    return len(load().deployments)


def replay(run: Programs):
    assert run.start("collect", "--replay", TRACE, ready=False).wait(60) == 0


def settled(run: Programs, output):
    """Every workload has its file, and both topics have come to rest."""
    wait_until(lambda: len(files_of(output)) >= workloads(), 60, "a file for every workload")
    sizes = (len(records(run.kafka, topic)) for topic in itertools.cycle([WORKLOAD_WINDOWS, POLICY_SUGGESTIONS]))
    seen = []
    for size in sizes:
        seen.append(size)
        if seen[-2:] == seen[-4:-2] and len(seen) >= 4:
            return files_of(output)
    raise AssertionError("unreachable")


def latest(values, key):
    """The last record of each key, as a compacted topic would keep it."""
    return {key(value): value for value in sorted(values, key=lambda value: value.revision)}


def calm_run(kafka, objects, tmp_path):
    output = tmp_path / "calm"
    with programs(kafka, tmp_path / "calm-logs") as run:
        run.start("follow", "--objects", objects)
        run.start("stream", *WINDOW)
        run.start("synthesize", "--output", output)
        replay(run)
        return settled(run, output)


def disturbed_run(kafka, objects, tmp_path):
    """Both programs are killed while the trace flows, twice, and the trace is published twice."""
    output = tmp_path / "disturbed"
    with programs(kafka, tmp_path / "disturbed-logs") as run:
        run.start("follow", "--objects", objects)
        stream = run.start("stream", *WINDOW)
        synthesizer = run.start("synthesize", "--output", output)
        for progress in (WORKLOAD_EDGES, WORKLOAD_WINDOWS):
            replay(run)
            wait_until(lambda topic=progress: records(kafka, topic, 0.5), 60, f"something in {progress.name}")
            stream.kill()
            synthesizer.kill()
            stream = run.start("stream", *WINDOW)
            synthesizer = run.start("synthesize", "--output", output)
        return settled(run, output)


def test_killed_and_restarted_programs_end_in_the_same_files(kafka, objects, tmp_path):
    """Law 3, end to end: kill -9 of worker and synthesizer, and a repeated trace, change no byte and no count."""
    other = dataclasses.replace(kafka, topic_prefix=kafka.topic_prefix + "b.")
    create_topics(other, Layout(partitions=2))
    calm = calm_run(kafka, objects, tmp_path)
    disturbed = disturbed_run(other, objects, tmp_path)
    assert disturbed == calm
    assert len(calm) == workloads()

    def windows(settings):
        found = latest(records(settings, WORKLOAD_WINDOWS), lambda window: (window.key, window.start))
        return {key: (window.workload, window.edges) for key, window in found.items()}

    assert windows(other) == windows(kafka)
    assert records(other, DEAD_LETTERS) == []


def test_the_shop_of_the_issue(kafka, objects, tmp_path):
    """cartservice: from frontend and checkoutservice on 7070, to redis-cart on 6379, nothing else; proof whole."""
    files = calm_run(kafka, objects, tmp_path)
    cart = yaml.safe_load(files["demo/cartservice-network.yaml"])["spec"]
    app = {
        name: {"podSelector": {"matchLabels": {"app": name}}} for name in ("checkoutservice", "frontend", "redis-cart")
    }
    assert cart == {
        "podSelector": {"matchLabels": {"app": "cartservice"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [app["checkoutservice"], app["frontend"]], "ports": [{"port": 7070, "protocol": "TCP"}]}],
        "egress": [{"to": [app["redis-cart"]], "ports": [{"port": 6379, "protocol": "TCP"}]}],
    }
    email = yaml.safe_load(files["demo/emailservice-network.yaml"])["spec"]
    assert email["ingress"] == [{"from": [app["checkoutservice"]], "ports": [{"port": 8080, "protocol": "TCP"}]}]
    for suggestion in latest(records(kafka, POLICY_SUGGESTIONS), lambda one: one.key).values():
        proof = suggestion.proof
        assert proof.observed == proof.admitted > 0
        assert proof.near_misses == proof.refused + proof.covered > 0


def test_every_connection_is_accounted_for(kafka, objects, tmp_path):
    """Law 4: connections in are edges, unresolved, or ignored by reason; each edge is seen at either end."""
    calm_run(kafka, objects, tmp_path)
    counted = sum(sum(batch.connections.counts) for batch in records(kafka, CONNECTIONS))
    used = {}
    dropped = {}
    for record in records(kafka, WORKLOAD_EDGES):
        for source in record.sources:
            dropped[source.node, source.boot_id, source.sequence] = sum(
                count for _, count in (*source.unresolved, *source.ignored)
            )
        edges = record.edges
        for position in range(len(edges)):
            source = record.sources[edges.sources[position]]
            subject_is_observer = edges.roles[position] == edges.observed_by[position]
            key = (source.node, source.boot_id, source.sequence, subject_is_observer)
            used[key] = used.get(key, 0) + edges.counts[position]
    observed = sum(count for (*_, subject_is_observer), count in used.items() if subject_is_observer)
    from_outside = counted - observed - sum(dropped.values())
    # A node's own sockets (kubelet probes) have no workload at the observing end: only their peer has the edge.
    unobserved = sum(count for (*_, subject_is_observer), count in used.items() if not subject_is_observer)
    assert 0 <= from_outside <= unobserved
    assert observed > 0
