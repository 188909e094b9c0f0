"""Imported events, when Kubernetes objects say who is meant; the objects are those of the clinic."""

import io
import json
from pathlib import Path

import pytest

from advisor.report import read
from schemas.records import ApiServerPeer, ExternalPeer, NodePeer, Role, UnresolvedPeer, Workload, WorkloadPeer
from streams.objects.files import load_objects

OBJECTS = Path(__file__).parents[2] / "golden" / "report" / "clinic" / "objects.yaml"
PORTAL = Workload("clinic", "Deployment", "portal", (("app", "portal"),))
APPOINTMENTS = Workload("clinic", "Deployment", "appointments", (("app", "appointments"),))


@pytest.fixture
def edge():
    """The edge that one event of 2022 comes to."""

    def of(**more):
        event = {
            "type": "normal", "namespace": "clinic", "pod": "portal-6c5d8f7b9-bbbbb", "pktType": "OUTGOING",
            "proto": "tcp", "port": 80, "podLabels": {"lost": "yes"}, **more,
        }  # fmt: skip
        objects = load_objects([OBJECTS], "c")
        recording = read(io.BytesIO(json.dumps(event).encode()), objects, lambda bad: pytest.fail(bad.reason))
        (window,) = recording.windows.windows()
        (found,) = window.edges
        return window.workload, found

    return of


def service(namespace, name, selector, ip):
    return {
        "remoteKind": "svc", "remoteServiceNamespace": namespace, "remoteServiceName": name,
        "remoteServiceLabelSelector": selector, "ip": ip,
    }  # fmt: skip


def test_the_pod_is_its_controller_whatever_labels_the_event_has(edge):
    """Selector and name are the Deployment's own."""
    workload, _ = edge(remoteKind="other", ip="203.0.113.9")
    assert workload == PORTAL


def test_a_service_is_what_stands_behind_it_on_its_own_port(edge):
    """80 at the Service, 9090 at the pod; labels of the Service play no part."""
    _, found = edge(**service("clinic", "appointments", {"wrong": "labels"}, "10.21.0.81"))
    assert (found.peer, found.port) == (WorkloadPeer(APPOINTMENTS), 9090)
    assert [(one.name, one.port) for one in found.services] == [("appointments", 80)]


def test_the_api_server_is_its_endpoint(edge):
    """Not the Service's address, not its namespace."""
    _, found = edge(**service("default", "kubernetes", {}, "10.21.0.1"), port=443)
    assert (found.peer, found.port) == (ApiServerPeer("192.0.2.10"), 6443)


def test_a_service_that_is_not_among_the_objects_is_its_selector(edge):
    """As without objects."""
    _, found = edge(**service("other", "thing", {"app": "thing"}, "10.21.9.9"))
    assert found.peer == WorkloadPeer(Workload("other", "Deployment", "thing", (("app", "thing"),)))


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("192.0.2.11", NodePeer("192.0.2.11", "n1", own=True)),
        ("192.0.2.12", NodePeer("192.0.2.12", "n2", own=False)),
        ("203.0.113.9", ExternalPeer("203.0.113.9")),
        ("10.20.2.99", UnresolvedPeer("10.20.2.99", "no_lease")),
        ("10.99.0.1", ExternalPeer("10.99.0.1")),
    ],
)
def test_an_address_is_whose_it_was(edge, address, peer):
    """Nodes, the outside, and the cluster's own ranges; a private address beyond those is outside."""
    _, found = edge(pktType="HOST", remoteKind="other", ip=address, port=8080)
    assert (found.role, found.peer) == (Role.SERVER, peer)


def test_an_address_with_a_time_is_whose_it_was_then(edge):
    """The pods began on 2 January 2026; an event before that is of nobody known."""
    then = {"remoteKind": "other", "ip": "10.20.2.6", "port": 9090}
    after, before = 1_767_400_000_000_000_000, 1_767_000_000_000_000_000
    _, later = edge(**then, timestamp=after)
    _, earlier = edge(**then, timestamp=before)
    assert later.peer == WorkloadPeer(APPOINTMENTS)
    assert earlier.peer == UnresolvedPeer("10.20.2.6", "no_lease")
