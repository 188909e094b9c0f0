"""A shop of three pods on two nodes, its traffic, and the programs of streams on a test's own topics."""

import time

import pytest
import yaml
from accounting import latest
from cluster_objects import batch, connection
from program_fixtures import run
from programs import records

from schemas.framing import Writer
from schemas.kafka import producer
from schemas.records import ConnectionBatch, Role
from schemas.topics import CONNECTIONS, WORKLOAD_WINDOWS

__all__ = ["run"]

PODS = {"client": "10.1.0.1", "server": "10.1.0.2", "store": "10.1.0.3"}


def _pod(name, ip):
    meta = {"name": name, "namespace": "demo", "uid": f"uid-{name}", "labels": {"app": name}}
    status = {"phase": "Running", "podIPs": [{"ip": ip}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"nodeName": "n1"}, "status": status}


class Shop:
    """Publishes what a shop's nodes see, and reads what became of it."""

    def __init__(self, kafka):
        self.kafka = kafka
        self.began = (time.time_ns() // 1_000_000 // 10_000 - 30) * 10_000
        self._producer = producer(kafka)
        self._write = Writer(CONNECTIONS.name, ConnectionBatch)

    def publish(self, rounds):
        """Batches of these numbers from both nodes: each node's are in order, whatever was published before."""
        for number in rounds:
            for made in self._batches(number):
                self._producer.produce(self.kafka.topic(CONNECTIONS), self._write(made), made.key)
        assert self._producer.flush(30) == 0

    def raw(self, topic, value, partition=0):
        """Publish bytes."""
        self._producer.produce(self.kafka.topic(topic), value, b"key", partition)
        assert self._producer.flush(30) == 0

    def windows(self):
        """The latest revision of each window: what it counts."""
        found = latest(records(self.kafka, WORKLOAD_WINDOWS, 0.5))
        return {(name, start - self.began): (window.final, _counts(window)) for (name, start), window in found.items()}

    def expected(self, rounds):
        """The windows of that many rounds, counted by hand from what the shop does."""
        found = {}
        for number in range(rounds):
            start = (number * 2_000 + 1_000) // 10_000 * 10_000
            count = number % 7 + 1
            _add(found, ("client", start), ("CLIENT", "server"), (count, count))
            _add(found, ("server", start), ("SERVER", "client"), (count, count))
            if number % 3 == 0:
                _add(found, ("server", start), ("CLIENT", "store"), (count, 0))
                _add(found, ("store", start), ("SERVER", "server"), (count, 0))
        return _finished(found, rounds)

    def _batches(self, number):
        end = self.began + (number + 1) * 2_000
        call = {"at": end - 1_000, "count": number % 7 + 1}
        calls = [connection(PODS["client"], PODS["server"], 8080, **call)]
        if number % 3 == 0:
            calls.append(connection(PODS["server"], PODS["store"], 6379, **call))
        accepts = [connection(PODS["server"], PODS["client"], 8080, Role.SERVER, **call)]
        yield batch(*calls, sequence=number, source="n1", end=end)
        yield batch(*accepts, sequence=number, source="n2", end=end)


def _counts(window):
    return sorted((one.role.value, one.peer.workload.name, one.client_count, one.server_count) for one in window.edges)


@pytest.fixture
def worker(run, objects):
    """Starts a stream worker; the inventory is there."""
    run.start("follow", "--objects", objects)
    return lambda name, *more: run.start("stream", "--window", 10, "--lateness", 2, "--worker-id", name, *more)


@pytest.fixture
def objects(tmp_path):
    path = tmp_path / "objects.yaml"
    path.write_text(yaml.safe_dump_all(_pod(name, ip) for name, ip in PODS.items()))
    return path


@pytest.fixture
def shop(kafka):
    return Shop(kafka)


def _add(found, window, edge, seen):
    sums = found.setdefault(window, {}).setdefault(edge, [0, 0])
    sums[0] += seen[0]
    sums[1] += seen[1]


def _finished(found, rounds):
    last = (rounds * 2_000 - 2_000) // 10_000 * 10_000
    return {
        (f"test/demo/Pod/{name}", start): (start + 10_000 <= last, sorted((*key, *sums) for key, sums in edges.items()))
        for (name, start), edges in found.items()
    }
