"""The clinic's policies held against every pair of its pods, by the evaluator that knows nothing of the inference.

The table is written by hand from the recording and the objects, port by port as the pods listen.
"""

from itertools import permutations, product
from pathlib import Path

import pytest
import yaml

from schemas.records import Protocol, labels_of
from synthesizer.evaluator.decide import allows
from synthesizer.evaluator.model import Connection, Outside, Pod
from synthesizer.evaluator.reader import read_policies

CLINIC = Path(__file__).parent / "clinic"

CALLS = {
    ("portal", "appointments", "TCP", 9090),
    ("reminders", "appointments", "TCP", 9090),
    ("appointments", "patients", "TCP", 8443),
    ("auditor", "patients", "TCP", 8443),
    ("appointments", "queue", "TCP", 5672),
    ("notifier", "queue", "TCP", 5672),
    ("reminders", "queue", "TCP", 5672),
    ("queue", "queue", "TCP", 5672),
    ("logship", "archive", "TCP", 3100),
    ("patients", "store", "TCP", 5432),
    ("portal", "coredns", "UDP", 53),
    ("appointments", "coredns", "UDP", 53),
    ("notifier", "coredns", "UDP", 53),
    ("reminders", "coredns", "UDP", 53),
    ("patients", "coredns", "UDP", 53),
}
CALLS |= {(client, server, "TCP", port) for client, server, protocol, port in CALLS if (protocol, port) == ("UDP", 53)}
"""DNS brings TCP with it at both ends: an answer that is cut short is asked for again."""

PORTS = (53, 80, 443, 587, 3100, 5432, 5672, 6443, 8080, 8443, 9090)


@pytest.fixture
def policies(run_case):
    return tuple(read_policies(run_case("clinic").stdout))


@pytest.fixture(scope="module")
def pods():
    """By workload: the part of the pod's name before its first dash."""
    items = yaml.safe_load((CLINIC / "objects.yaml").read_text())["items"]
    return [(item["metadata"]["name"].split("-")[0], _pod(item)) for item in items if item["kind"] == "Pod"]


def _pod(item):
    meta, status = item["metadata"], item["status"]
    ips = tuple(each["ip"] for each in status["podIPs"])
    return Pod(meta["namespace"], meta["name"], labels_of(meta["labels"]), ips, (), item["spec"]["nodeName"])


def test_pods_reach_exactly_what_was_called(policies, pods):
    """Nothing less and nothing more, over all pairs of pods, ports of pods and Services, and protocols."""
    reached = {
        (client, server, protocol.value, port)
        for ((client, one), (server, other)), protocol, port in product(
            permutations(pods, 2), (Protocol.TCP, Protocol.UDP, Protocol.SCTP), PORTS
        )
        if allows(policies, Connection(one, other, protocol, port)).allowed
    }
    assert reached == CALLS


@pytest.mark.parametrize(
    ("workload", "address", "port"),
    [("notifier", "203.0.113.25", 587), ("auditor", "192.0.2.10", 6443)],
)
def test_only_one_workload_reaches_an_address_outside(policies, pods, workload, address, port):
    """Mail for the notifier, the API server's endpoint for the auditor; neither on another port."""
    outside = Outside(address)
    reached = {
        (name, number)
        for (name, pod), number in product(pods, (*PORTS, port))
        if allows(policies, Connection(pod, outside, Protocol.TCP, number)).allowed
    }
    assert reached == {(workload, port)}


def test_only_the_portal_is_reached_from_outside(policies, pods):
    """By the one client seen, on the pods' port; the kubelet's probes need no rule."""
    from_outside = {
        (name, address, port)
        for (name, pod), address, port in product(pods, ("198.51.100.23", "198.51.100.24", "192.0.2.10"), PORTS)
        if allows(policies, Connection(Outside(address), pod, Protocol.TCP, port)).allowed
    }
    assert from_outside == {("portal", "198.51.100.23", 8080)}
