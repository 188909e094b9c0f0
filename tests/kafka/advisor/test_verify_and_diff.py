"""`verify` and `diff` on the real Kafka: windows, suggestions and what is in force come from the topics."""

import json
from dataclasses import replace

import pytest
import yaml
from policy_manifests import CART, WEB, both_ends, manifest, pods
from small_worlds import window

from schemas.framing import Writer
from schemas.kafka import producer
from schemas.records import (
    ControllerBody,
    Heartbeat,
    InventoryObject,
    NetworkPolicyBody,
    OwnerRef,
    PodBody,
)
from schemas.topics import INVENTORY
from synthesizer.offline import suggestions_of

pytestmark = pytest.mark.kafka
WRITE = Writer(INVENTORY.name, InventoryObject)
IN_FORCE = manifest("cart", "cart", ingress=[{"from": [pods("web")], "ports": [{"port": 8080}]}])


def windows(cluster="test", port=80):
    """Web calls cart, as the windows of both ends tell."""
    return [
        replace(window(workload, 0, edges), cluster=cluster)
        for workload, edges in both_ends(WEB, CART, port, 7).items()
    ]


def in_force(*manifests):
    """Policies as `follow` publishes them."""
    return [
        InventoryObject(
            "test", "NetworkPolicy", one["metadata"]["namespace"], one["metadata"]["name"],
            NetworkPolicyBody(json.dumps(one["spec"])),
        )
        for one in manifests
    ]  # fmt: skip


def pod_of(workload, *labels):
    """A pod of a Deployment, and the Deployment."""
    owner = OwnerRef("Deployment", workload.name, f"uid-{workload.name}", "apps/v1")
    body = PodBody("n1", ("10.1.0.9",), phase="Running")
    found = tuple(sorted((*workload.selector, *labels)))
    yield InventoryObject("test", "Pod", workload.namespace, f"{workload.name}-1", body, f"uid-{workload.name}-1",
                          found, owner)  # fmt: skip
    yield InventoryObject("test", "Deployment", workload.namespace, workload.name,
                          ControllerBody(workload.selector), f"uid-{workload.name}")  # fmt: skip


@pytest.fixture
def follow(kafka):
    """Publishes objects to the inventory; a text is the key of one that is gone, bytes are what they are."""

    def send(*objects):
        client = producer(kafka)
        for one in objects:
            record = ("garbage", one) if isinstance(one, bytes) else (one, None)
            key, value = (one.key, WRITE(one)) if isinstance(one, InventoryObject) else record
            client.produce(kafka.topic(INVENTORY), key=key, value=value, partition=0)
        assert client.flush(30) == 0

    return send


def test_windows_are_held_against_what_is_in_force(publish, follow, command):
    """Only our cluster's windows, each counted once however often it came; a deleted policy is not in force."""
    publish(*windows(), *windows(), *windows("another", 9999))
    other = in_force(manifest("gone", "web", policyTypes=["Egress"]))
    heartbeat = InventoryObject("test", "Heartbeat", "", "0", Heartbeat(1))
    follow(*in_force(IN_FORCE), *other, other[0].key, heartbeat, b"garbage")
    result = command("verify", "-o", "json")
    assert result.returncode == 1, result.stderr
    found = json.loads(result.stdout)
    (refused,) = found["refused"]
    assert (refused["client"], refused["connections"], refused["port"]) == ("shop/Deployment/web", 7, 80)
    assert refused["ingress"]["policies"] == ["shop/cart"]
    assert found["edges"]["observed"] == 1
    assert "1 observed edges would be refused by netpol.inventory" in result.stderr
    assert "netpol.inventory: 1 records cannot be read and are left out" in result.stderr


def test_the_labels_are_those_of_the_pods_in_the_inventory(publish, follow, command, tmp_path):
    """A policy may ask for a label that no selector of a workload has."""
    publish(*windows())
    follow(*pod_of(WEB, ("tier", "front")), *pod_of(CART))
    path = tmp_path / "policy.yaml"
    for tier, code in (("front", 0), ("back", 1)):
        rule = {"from": [{"podSelector": {"matchLabels": {"tier": tier}}}]}
        path.write_text(yaml.safe_dump(manifest("cart", "cart", ingress=[rule])))
        result = command("verify", "-p", path)
        assert result.returncode == code, result.stdout + result.stderr


def test_suggestions_break_nothing_of_what_they_come_from(publish, follow, command):
    """And differ from what is in force where they should, with the evidence they carry."""
    seen = windows()
    publish(*seen, *suggestions_of(seen))
    follow(*in_force(IN_FORCE))
    held = command("verify", "--policies", "topic:suggestions")
    assert held.returncode == 0, held.stdout + held.stderr
    assert "1 (7): 1 admitted (7), 0 refused (0)" in held.stdout
    result = command("diff", "topic:suggestions", "topic:inventory", "-o", "json")
    assert result.returncode == 1, result.stderr
    found = json.loads(result.stdout)
    (turned,) = found["observed"]
    assert (turned["client"], turned["connections"], turned["first"]) == ("shop/Deployment/web", 7, "allowed")
    seen_only = [one for one in found["allowed_by_first_alone"] if one["observed_connections"]]
    assert [(one["servers"], one["ports"]) for one in seen_only] == [(["shop/Deployment/cart"], ["TCP 80"])]


def test_what_is_in_force_is_what_its_file_says(follow, command, tmp_path):
    """However the file is written: the same meaning, exit code 0."""
    follow(*in_force(IN_FORCE, manifest("pay", "pay", "bank", ingress=[])))
    path = tmp_path / "policies.yaml"
    path.write_text(yaml.safe_dump_all([manifest("other-name", "pay", "bank", egress=[]), IN_FORCE]))
    result = command("diff", "topic:inventory", path)
    assert (result.returncode, result.stdout) == (0, f"netpol.inventory and {path} allow the same\n"), result.stderr


def test_a_topic_that_is_missing_is_named(command, kafka):
    """Exit code 3: it is not there, and the answer is not known."""
    result = command("verify", "--topic-prefix", "nobody.")
    assert result.returncode == 3
    assert "nobody.netpol." in result.stderr
