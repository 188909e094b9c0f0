"""The whole path on the demo's recorded shop: calm, and with programs killed in the middle, the same files.

The recording goes by `collect --replay` to `stream` (killed), `synthesize` (killed) and files, all real processes.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from accounting import assert_accounted, latest
from programs import Programs, files_of, programs, records, wait_until

from advisor.demo.cluster import place
from advisor.demo.manifest import load
from advisor.demo.objects import objects_yaml
from advisor.demo.trace import TRACE, began
from schemas.kafka import KafkaSettings
from schemas.topics import DEAD_LETTERS, POLICY_SUGGESTIONS, WORKLOAD_EDGES, WORKLOAD_WINDOWS

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
STREAM = ("--window", 10, "--lateness", 2, "--worker-id", "stream-0")
SYNTHESIZE = ("--worker-id", "synthesize-0", "--output")
WORKLOADS = len(load().deployments)


@dataclass(frozen=True)
class Outcome:
    """What a run has left: the topics behind the settings, and the files."""

    kafka: KafkaSettings
    files: dict[str, str]

    def windows(self):
        """The latest revision of each window: workload and edges, counts included."""
        found = latest(records(self.kafka, WORKLOAD_WINDOWS))
        return {key: (window.workload, window.edges) for key, window in found.items()}


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    path = tmp_path_factory.mktemp("objects") / "objects.yaml"
    path.write_text(objects_yaml(place(load()), began(TRACE.read_text())))
    return path


@pytest.fixture(scope="module")
def calm(fresh_topics, objects, tmp_path_factory):
    """The recording published once, nothing killed."""
    folder = tmp_path_factory.mktemp("calm")
    with programs(fresh_topics(), folder / "logs") as run:
        run.start("follow", "--objects", objects)
        run.start("stream", *STREAM)
        run.start("synthesize", *SYNTHESIZE, folder / "policies")
        replay(run)
        return settled(run, folder / "policies")


def replay(run: Programs):
    assert run.start("collect", "--replay", TRACE, ready=False).wait(60) == 0


def settled(run: Programs, output: Path):
    """Every workload has its file, and both topics have come to rest."""
    wait_until(lambda: len(files_of(output)) >= WORKLOADS, 60, "a file for every workload")
    sizes = [()]

    def at_rest():
        sizes.append(tuple(len(records(run.kafka, topic)) for topic in (WORKLOAD_WINDOWS, POLICY_SUGGESTIONS)))
        return sizes[-1] == sizes[-2]

    wait_until(at_rest, 60, "no more windows and suggestions")
    return Outcome(run.kafka, files_of(output))


def test_killed_and_restarted_programs_end_in_the_same_files(calm, kafka, objects, tmp_path):
    """Law 3, end to end: worker and synthesizer killed twice, the trace published twice: no byte, no count differs."""
    with programs(kafka, tmp_path / "logs") as run:
        run.start("follow", "--objects", objects)
        stream = run.start("stream", *STREAM)
        synthesizer = run.start("synthesize", *SYNTHESIZE, tmp_path / "policies")
        for progress in (WORKLOAD_EDGES, WORKLOAD_WINDOWS):
            replay(run)
            wait_until(lambda topic=progress: records(kafka, topic, 0.5), 60, f"something in {progress.name}")
            stream.kill()
            synthesizer.kill()
            stream = run.start("stream", *STREAM)
            synthesizer = run.start("synthesize", *SYNTHESIZE, tmp_path / "policies")
        disturbed = settled(run, tmp_path / "policies")
    assert disturbed.files == calm.files
    assert disturbed.windows() == calm.windows()
    assert records(kafka, DEAD_LETTERS) == []
    assert_accounted(kafka)


def test_the_shop_of_the_readme(calm):
    """cartservice: from frontend and checkoutservice on 7070, to redis-cart on 6379; emailservice on its pod port."""
    assert len(calm.files) == WORKLOADS
    cart, email = (
        yaml.safe_load(calm.files[f"demo/{name}-network.yaml"])["spec"] for name in ("cartservice", "emailservice")
    )
    app = {
        name: {"podSelector": {"matchLabels": {"app": name}}} for name in ("checkoutservice", "frontend", "redis-cart")
    }
    assert cart == {
        "podSelector": {"matchLabels": {"app": "cartservice"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [app["checkoutservice"], app["frontend"]], "ports": [{"port": 7070, "protocol": "TCP"}]}],
        "egress": [{"to": [app["redis-cart"]], "ports": [{"port": 6379, "protocol": "TCP"}]}],
    }
    assert email["ingress"] == [{"from": [app["checkoutservice"]], "ports": [{"port": 8080, "protocol": "TCP"}]}]


def test_every_suggestion_is_proved(calm):
    """All that was observed is admitted; every near miss is refused, or covered by what the suggestion states."""
    told = sorted(records(calm.kafka, POLICY_SUGGESTIONS), key=lambda one: one.revision)
    for suggestion in {one.key: one for one in told}.values():
        proof = suggestion.proof
        assert proof.observed == proof.admitted > 0
        assert proof.near_misses == proof.refused + proof.covered > 0


def test_every_connection_is_accounted_for(calm):
    """Law 4: for each batch, connections in = those in edges + unresolved + ignored by reason."""
    assert assert_accounted(calm.kafka).edges > 0
