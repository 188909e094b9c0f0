"""`follow` from the real API server to the real topic."""

import json
import time

import pytest
from followed import namespace, pod, running, service
from kube_server import KubeOptions
from programs import wait_until
from scraped import Scraped

from schemas.records import ClusterFacts
from streams.follow.kinds import KINDS

pytestmark = [pytest.mark.cluster, pytest.mark.kafka]


def start(run, server, *options, **more):
    """The program, watching a server."""
    return run.start("follow", "--kubeconfig", server.kubeconfig(), *options, **more)


def facts(inventory):
    """The cluster's facts as published."""
    item = inventory.find("ClusterFacts", "cluster")
    return item.body if item is not None else ClusterFacts()


def test_a_pod_is_published_when_it_matters_then_closed_then_forgotten(kube_server, run, inventory):
    """An annotation changes nothing of it; its end is a closed lease, and after the grace period a tombstone."""
    api, web = kube_server.api(), pod("web", "life", app="web")
    api.create_all([namespace("life"), web])
    api.merge(web, running("10.1.0.5"), "/status")
    start(run, kube_server, "--grace", 3)
    api.merge(web, {"metadata": {"annotations": {"a": "b"}}})
    api.merge(web, {"metadata": {"labels": {"v": "2"}}})
    wait_until(lambda: len(inventory.written("Pod", "web")) == 2, 10, "the label")
    api.delete(web)
    wait_until(lambda: inventory.written("Pod", "web")[-1].deleted, 10, "a closed lease")
    assert inventory.written("Pod", "web")[-1].body.ips == ("10.1.0.5",)
    wait_until(lambda: "test/Pod/life/web" in inventory.poll().tombstones, 90, "a tombstone")


def test_the_clusters_facts_are_found_out(start_kube, run, inventory):
    """Ranges of both families, of nodes and of pods outside of them; the Services' ranges from the server itself."""
    server = start_kube(KubeOptions(service_cidrs=("10.96.0.0/16", "fd00:10:96::/112")))
    api = server.api()
    server.add_node("n1", "192.168.1.1", "10.1.0.0/24", "fd00:10:1::/64")
    server.add_node("n2", "192.168.1.2", "10.1.1.0/24")
    api.create(pod("odd", "default"))
    api.merge(pod("odd", "default"), running("10.99.7.5"), "/status")
    dns = service("kube-dns", "kube-system", app="dns")
    dns["metadata"]["labels"] = {"k8s-app": "kube-dns"}
    dns["spec"]["ports"] = [{"name": "dns", "port": 53, "protocol": "UDP"}]
    api.create(dns)
    start(run, server)
    wait_until(lambda: facts(inventory).dns, 10, "the facts")
    assert facts(inventory) == ClusterFacts(
        pod_cidrs=("10.1.0.0/23", "10.99.7.0/24", "fd00:10:1::/64"),
        service_cidrs=("10.96.0.0/16", "fd00:10:96::/112"),
        dns=("kube-system/kube-dns",),
    )


def test_what_was_deleted_while_follow_was_away_is_closed_at_its_start(kube_server, run, inventory):
    """And what is as it was is not written again."""
    api = kube_server.api()
    api.create_all([namespace("away"), pod("kept", "away"), pod("lost", "away")])
    assert start(run, kube_server).stop() == 0
    before = len(inventory.poll().records)
    api.delete(pod("lost", "away"))
    start(run, kube_server)
    wait_until(lambda: inventory.written("Pod", "lost")[-1].deleted, 10, "a closed lease")
    assert [item.name for _, item in inventory.records[before:]] == ["lost"]


def test_heartbeats_stop_with_the_server_and_come_back_with_it(start_kube, run, inventory):
    """While nobody tells what happens the inventory is complete up to then; a crash and what it hid are made good."""
    server = start_kube(KubeOptions())
    api = server.api()
    api.create_all([pod("kept", "default"), pod("lost", "default")])
    follow = start(run, server)
    server.stop_api(crash=True)
    down = time.time() * 1000
    time.sleep(4)
    assert inventory.last_beat() <= down
    server.restart()
    back = time.time() * 1000
    api.delete(pod("lost", "default"))
    api.create(pod("made", "default"))
    wait_until(lambda: inventory.last_beat() > back, 60, "a heartbeat")
    wait_until(lambda: inventory.living("Pod") == ["kept", "made"], 10, "what happened meanwhile")
    assert follow.exit_code is None


def test_a_heartbeat_is_behind_by_what_events_need_to_arrive(kube_server, run, inventory):
    """What it says is complete has been told: nothing that a watch has not shown yet."""
    start(run, kube_server, "--settle", 2)
    seen = inventory.last_beat()
    wait_until(lambda: inventory.last_beat() > seen, 10, "another heartbeat")
    assert 2000 <= time.time() * 1000 - inventory.beats[-1] < 6000
    assert inventory.beats == sorted(inventory.beats)


def test_once_publishes_all_and_ends(kube_server, run, inventory):
    """For a look, or a cluster that never changes."""
    assert start(run, kube_server, "--once", ready=False).wait(40) == 0
    assert "default" in inventory.living("Namespace")
    assert inventory.last_beat() > 0


def test_most_of_a_kind_vanishes_only_if_a_second_list_says_so(kube_server, run, inventory):
    """A store that was restored or is read half answers like this; here it is true."""
    api = kube_server.api()
    many = [pod(f"p{number}", "default") for number in range(60)]
    api.create_all(many)
    assert start(run, kube_server).stop() == 0
    assert len(inventory.living("Pod")) >= 60
    for one in many:
        api.delete(one)
    follow = start(run, kube_server)
    assert "objects that are published: asking again" in follow.log.read_text()
    wait_until(lambda: "p0" not in inventory.living("Pod"), 10, "the second list")
    assert inventory.find("Pod", "p0").deleted


def test_it_can_be_scraped_and_probed(kube_server, run, inventory):
    """Ready with the first heartbeat; the numbers are those of what it has published."""
    shown = Scraped(start(run, kube_server, "--metrics-address", "127.0.0.1:0"))
    wait_until(lambda: json.loads(shown.ask("/ready")[1]) == {"ok": True, "missing": []}, 10, "readiness")
    assert json.loads(shown.ask("/live")[1])["ok"]
    samples = shown.samples()
    assert samples["netpol_follow_leader",] == 1
    assert samples["netpol_follow_watches_open",] == samples["netpol_follow_watches",] == len(KINDS)
    assert samples["netpol_follow_objects", "Namespace"] == len(inventory.living("Namespace"))


def test_another_cluster_of_the_same_name_is_refused(kube_server, start_kube, run, inventory):
    """A slip of the hand with contexts would close the leases of a whole cluster; who means it says so."""
    assert start(run, kube_server, "--once", ready=False).wait(40) == 0
    other = start_kube(KubeOptions())
    refused = start(run, other, "--once", ready=False)
    assert refused.wait(40) == 2
    assert "is another cluster than the one whose inventory is published as test" in refused.tail()
    assert start(run, other, "--once", "--other-cluster", ready=False).wait(60) == 0


def test_a_server_that_is_not_there_is_an_error(kube_server, run, tmp_path):
    """After a while, with the address and what to look at."""
    config = tmp_path / "config"
    config.write_text(kube_server.kubeconfig().read_text().replace(kube_server.url, "https://127.0.0.1:9"))
    child = run.start("follow", "--kubeconfig", config, ready=False)
    assert child.wait(60) == 3
    assert "no Kubernetes API server answers at https://127.0.0.1:9" in child.tail()
    assert "Connection refused" in child.tail()
