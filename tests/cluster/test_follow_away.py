"""While `follow` is away and addresses change hands, nobody is taken for another: what is unknown waits, then says so.

n2, its 1st address   back        | other           |
follow                publishes   | killed          | publishes again
"""

import pytest
from accounting import assert_accounted
from followed import namespace
from kube_server import KubeOptions, KubeServer
from programs import programs, wait_until
from rollout import SPACE, Traffic, deployment
from told import Told, settled, truth

pytestmark = [pytest.mark.cluster, pytest.mark.kafka, pytest.mark.slow]
FRONT, BACK, OTHER = deployment("front", "n1"), deployment("back", "n2"), deployment("other", "n2")
WAIT_S = 4.0
"""Longer than heartbeats come, shorter than `follow` is away."""


@pytest.fixture(scope="module")
def server(kube_binaries, tmp_path_factory):
    options = KubeOptions(simulate=True)
    with KubeServer.start(kube_binaries, tmp_path_factory.mktemp("kube"), options) as started:
        started.add_node("n1", "192.168.1.1", "10.1.0.0/24")
        started.add_node("n2", "192.168.1.2", "10.1.1.0/24")
        started.api().create(namespace(SPACE))
        yield started


def test_what_happens_while_follow_is_away_is_unresolved_and_counted(server, kafka, tmp_path):
    """The address that `other` takes is not told to `back`, all that the inventory knows of; later it is right."""
    traffic = Traffic(server.api(), kafka, "front", late=())
    with programs(kafka, tmp_path) as run:
        run.start("stream", "--window", 10, "--lateness", 2, "--inventory-wait", WAIT_S)
        follow = run.start("follow", "--no-lease", "--kubeconfig", server.kubeconfig())
        server.api().create_all([FRONT, BACK])
        traffic.until(front=2, back=2)
        traffic.ticks(2)
        run.running.remove(follow)
        follow.kill()
        away = hand_over(server.api(), traffic)
        run.start("follow", "--no-lease", "--kubeconfig", server.kubeconfig())
        traffic.ticks(4)
        wait_until(lambda: settled(run, traffic), 60, "the last call in a window")
        told, account = Told.of(kafka), assert_accounted(kafka, traffic.made)
    strangers = {
        port: call for port, call in traffic.calls.items() if told.workloads(port) - {call.client, call.server}
    }
    assert strangers == {}
    assert any(told.on(port) != truth(traffic.calls[port]) for port in away)
    assert account.unresolved["after_inventory"] > 0
    assert told.on(max(traffic.calls)) == truth(traffic.calls[max(traffic.calls)])


def hand_over(api, traffic: Traffic) -> range:
    """The pods of `back` go, those of `other` get their addresses; the ports of calls to these."""
    api.merge(BACK, {"spec": {"replicas": 0}})
    traffic.until(front=2)
    first = max(traffic.calls) + 1
    api.create(OTHER)
    traffic.until(front=2, other=2)
    traffic.ticks(1)
    last = max(traffic.calls)
    traffic.ticks(WAIT_S)
    return range(first, last)
