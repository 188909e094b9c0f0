"""Deployments become pods, roll out and take each other's addresses; every connection stays with who was there then.

n1                    front        front rolls out                                   tells at once
n2, its 1st address   back    other                           third                 tells all late, at the end
                           ^ changes hands   ^ the API server crashes ^ changes hands at once after
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from accounting import Account, assert_accounted
from followed import namespace
from kube_server import KubeOptions, KubeServer
from programs import programs, wait_until
from rollout import POD_PORT, SERVICE_PORT, SPACE, Traffic, census, deployment, service
from told import Told, settled, truth
from whole_topics import placed

from schemas.kafka import KafkaSettings
from schemas.records import Heartbeat
from schemas.topics import INVENTORY

pytestmark = [pytest.mark.cluster, pytest.mark.kafka, pytest.mark.slow]
FRONT, BACK = deployment("front", "n1"), deployment("back", "n2")
OTHER, THIRD = deployment("other", "n2"), deployment("third", "n2")
NEAR_MS = 3_000
"""Kubernetes tells whole seconds, and clocks differ by two: so near to a change of hands an address may be nobody's."""


@dataclass(frozen=True)
class Story:
    """What happened, and what became of it."""

    traffic: Traffic
    outage: range
    told: Told
    account: Account

    def wrong(self, ports: Iterable[int]) -> dict:
        """Calls that were told otherwise than they were."""
        calls = {port: self.traffic.calls[port] for port in ports}
        return {port: (call, self.told.on(port)) for port, call in calls.items() if self.told.on(port) != truth(call)}


@pytest.fixture(scope="module")
def story(kube_binaries, fresh_topics, tmp_path_factory):
    kafka, folder = fresh_topics(), tmp_path_factory.mktemp("rollouts")
    options = KubeOptions(simulate=True)
    with KubeServer.start(kube_binaries, folder / "kube", options) as server, programs(kafka, folder) as run:
        server.add_node("n1", "192.168.1.1", "10.1.0.0/24", "fd00:1::/64")
        server.add_node("n2", "192.168.1.2", "10.1.1.0/24", "fd00:2::/64")
        run.start("stream", "--window", 10, "--lateness", 2, "--inventory-wait", 30)  # longer than the server is away
        run.start("follow", "--kubeconfig", server.kubeconfig())
        traffic = Traffic(server.api(), kafka, "front", late=["n2"])
        outage = happen(server, traffic, kafka)
        traffic.deliver()
        wait_until(lambda: settled(run, traffic), 60, "the last call in a window")
        return Story(traffic, outage, Told.of(kafka), assert_accounted(kafka, traffic.made))


def happen(server: KubeServer, traffic: Traffic, kafka: KafkaSettings) -> range:
    """The cluster's life; the ports of calls made while no API server was there."""
    api = server.api()
    api.create(namespace(SPACE))
    api.create_all([FRONT, BACK])
    cluster_ip = api.create(service("back"))["spec"]["clusterIP"]
    traffic.until(front=2, back=2)
    traffic.ticks(NEAR_MS / 1000)
    traffic.ticks(2, cluster_ip)
    api.merge(BACK, {"spec": {"replicas": 0}})
    traffic.until(front=2)
    api.create(OTHER)
    traffic.until(front=2, other=2)
    api.merge(BACK, {"spec": {"replicas": 2}})
    traffic.until(front=2, other=2, back=2)
    before = [holder.uid for holder in census(api).values() if holder.workload == "front"]
    api.merge(FRONT, {"spec": {"template": deployment("front", "n1", version="2")["spec"]["template"]}})
    traffic.until(before, front=2, other=2, back=2)
    traffic.ticks(NEAR_MS / 1000)
    outage = crash(server, traffic, kafka)
    api.merge(OTHER, {"spec": {"replicas": 0}})
    traffic.until(front=2, back=2)
    api.create(THIRD)
    traffic.until(front=2, back=2, third=2)
    traffic.ticks(NEAR_MS / 1000)
    return outage


def crash(server: KubeServer, traffic: Traffic, kafka: KafkaSettings) -> range:
    """Calls go on while the API server is away; pods cannot change then.

    What is deleted while `follow` does not watch is dated to its discovery (docs/explanation/streams.md), and a slow
    machine may take longer to watch again than an address is disputed.
    """
    known, first = census(server.api()), min(traffic.calls) + len(traffic.calls)
    server.stop_api(crash=True)
    for _ in range(8):
        traffic.tick(known)
    server.restart()
    assert census(server.api()) == known
    restarted = time.time_ns() // 1_000_000
    wait_until(lambda: complete_up_to(kafka) > restarted, 60, "follow watching again")
    return range(first, min(traffic.calls) + len(traffic.calls))


def complete_up_to(kafka: KafkaSettings) -> int:
    """The newest heartbeat of the partition that is behind the others: they come only while all watches are open."""
    newest: dict[int, int] = {}
    for partition, item in placed(kafka, INVENTORY):
        if isinstance(item.body, Heartbeat):
            newest[partition] = max(newest.get(partition, 0), item.body.time)
    return min(newest.values())


def test_addresses_changed_hands(story):
    """Or the other tests would say nothing: `other` had addresses of `back`, and some calls were near the change."""
    hands = [{workload for _, workload in times} for times in story.traffic.held.values()]
    assert {"back", "other", "third"} in hands
    assert any(story.traffic.disputed(call, NEAR_MS) for call in story.traffic.calls.values())


def test_every_call_is_told_to_who_held_the_address_then(story):
    """Before, during and after rollouts, at once from n1 and late from n2: exact, from both ends."""
    calls = story.traffic.calls
    sure = [port for port, call in calls.items() if not story.traffic.disputed(call, NEAR_MS)]
    assert len(sure) > len(calls) / 2
    assert story.wrong(sure) == {}


def test_what_is_near_a_change_of_hands_is_never_told_to_another(story):
    """It is told to who it was, or it is unresolved."""
    for port, call in story.traffic.calls.items():
        assert story.told.workloads(port) <= {call.client, call.server}, (port, call)


def test_a_crash_of_the_api_server_loses_nothing(story):
    """What was called while it was away is told like the rest."""
    assert story.outage
    assert story.wrong(story.outage) == {}


def test_a_call_through_the_service_is_told_to_the_workload_behind_it(story):
    """On the pod's port, with the Service noted."""
    edges = [(window.workload.ref.name, edge) for window, edge in story.told.edges if edge.port == POD_PORT]
    assert sum(edge.client_count for name, edge in edges if name == "front") == story.traffic.by_service > 0
    assert {edge.peer.workload.name for name, edge in edges if name == "front"} == {"back"}
    assert {(ref.name, ref.port) for _, edge in edges for ref in edge.services} == {("back", SERVICE_PORT)}
    assert {name for name, _ in edges} == {"front", "back"}


def test_little_is_unresolved(story):
    """Only what was near a change of hands, and nothing else is left out."""
    disputed = sum(2 * call.count for call in story.traffic.calls.values() if story.traffic.disputed(call, NEAR_MS))
    assert story.account.unresolved.total() <= disputed
    assert not story.account.ignored
    assert not story.account.dead_letters
