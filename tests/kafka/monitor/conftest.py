"""Windows on the real Kafka, and a monitor as a process of its own that reads them."""

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from advisor.processes import Child
from schemas.framing import Writer
from schemas.kafka import producer
from schemas.records import Edge, ExternalPeer, Protocol, Role, Workload, WorkloadPeer, WorkloadWindow
from schemas.topics import WORKLOAD_WINDOWS

COMMAND = str(Path(sys.executable).with_name("network-policy"))
WEB = Workload("demo", "Deployment", "web", (("app", "web"),))
CART = Workload("demo", "Deployment", "cart", (("app", "cart"),))
PAY = Workload("bank", "StatefulSet", "pay", (("app", "pay"),))


def edge(role, peer, port, **counts):
    given = {"client_count": 0, "server_count": 0, "unknown_count": 0, "attempts": 0, **counts}
    return Edge(role, peer, Protocol.TCP, port, **given, first_seen=1_000, last_seen=9_000)


def window(workload, *edges, start=0, revision=1, cluster="test"):
    return WorkloadWindow(
        cluster, workload, start, start + 10_000, revision, final=False, complete=True, incomplete_because=(),
        sources=(), edges=edges,
    )  # fmt: skip


@pytest.fixture
def shop():
    """Three revisions of the cart's window, one of another namespace's, one of another cluster."""
    web, cart = WorkloadPeer(WEB), WorkloadPeer(CART)
    to_pay = edge(Role.CLIENT, WorkloadPeer(PAY), 8443, client_count=1)
    outward = edge(Role.CLIENT, ExternalPeer("203.0.113.9"), 443, client_count=4)
    return [
        window(CART, edge(Role.SERVER, web, 7070, client_count=2)),
        window(PAY, edge(Role.SERVER, cart, 8443, server_count=1), outward),
        window(CART, edge(Role.SERVER, web, 7070, client_count=5, server_count=5), to_pay, revision=2),
        window(CART, edge(Role.SERVER, web, 7070, client_count=5, server_count=6, attempts=1), to_pay, revision=3),
        window(WEB, edge(Role.CLIENT, cart, 7070, client_count=6), cluster="another"),
    ]


@pytest.fixture
def publish(kafka):
    """Writes windows, and anything else as the bytes it is."""
    write = Writer(WORKLOAD_WINDOWS.name, WorkloadWindow)

    def send(*values):
        client = producer(kafka)
        for value in values:
            raw = isinstance(value, bytes)
            key, framed = (b"garbage", value) if raw else (value.key.encode(), write(value))
            client.produce(kafka.topic(WORKLOAD_WINDOWS), key=key, value=framed, partition=0)
        assert client.flush(20) == 0

    return send


@dataclass(frozen=True, slots=True)
class Monitor:
    """A running monitor and its recording."""

    child: Child
    output: Path

    def lines(self):
        return self.output.read_text().splitlines()


@pytest.fixture
def monitor(kafka, tmp_path):
    """Starts monitors; they end with the test."""
    with contextlib.ExitStack() as stack:

        def start(*more):
            output = tmp_path / f"networktrace-{uuid4().hex}.log"
            options = ["--brokers", kafka.brokers, "--topic-prefix", kafka.topic_prefix, "--cluster", kafka.cluster]
            command = [COMMAND, "monitor", *options, "--output", str(output), *more]
            child = Child.start("monitor", command, output.with_suffix(".stderr"))
            stack.callback(child.stop)
            child.wait_for("monitor ready", 30)
            return Monitor(child, output)

        yield start
