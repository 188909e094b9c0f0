"""Inspektor Gadget's three forms: who did what, and whose pod it was."""

import pytest

from advisor.recorded.imports import enriched, names_only
from schemas.records import ExternalPeer, Protocol, Role, UnresolvedPeer, Workload, WorkloadPeer


def tcptracer(**more):
    return {
        "type": "connect", "remote_kind": "svc", "port": 8443,
        "local_pod_namespace": "shop", "local_pod_name": "till-5c9d8f7b4-x2x4z", "local_pod_owner": "till",
        "local_pod_labels": {"app": "till", "pod-template-hash": "5c9d8f7b4"},
        "remote_svc_namespace": "bank", "remote_svc_name": "pay", "remote_svc_label_selector": {"app": "pay"},
        **more,
    }  # fmt: skip


def trace_network(**more):
    return {
        "type": "normal", "node": "n1", "namespace": "shop", "pod": "probe", "pktType": "OUTGOING", "proto": "udp",
        "ip": "10.96.0.10", "port": 53, "podLabels": {"run": "probe"}, "remoteKind": "svc",
        "remoteServiceNamespace": "kube-system", "remoteServiceName": "kube-dns",
        "remoteServiceLabelSelector": {"k8s-app": "kube-dns"}, **more,
    }  # fmt: skip


def nested(dst, **more):
    k8s = {"node": "n1", "namespace": "shop", "podName": "probe", "podLabels": {"run": "probe"}}
    return {"type": "normal", "k8s": k8s, "pktType": "OUTGOING", "proto": "TCP", "port": 443, "dst": dst, **more}


@pytest.fixture
def lines(take):
    """The edges of events, no objects at hand."""

    def of(*events):
        recording, bad = take(*events)
        assert bad == []
        return list(enriched(recording.events, names_only(recording.events)))

    return of


TILL = Workload("shop", "Deployment", "till", (("app", "till"),))
PROBE = Workload("shop", "Pod", "probe", (("run", "probe"),))


def test_a_connect_of_2020_is_egress_of_the_local_pod(lines):
    """Run labels are gone from the selector, the Service stands for what it selects."""
    (line,) = lines(tcptracer())
    pay = WorkloadPeer(Workload("bank", "Deployment", "pay", (("app", "pay"),)))
    assert line.workload == TILL
    assert (line.edge.role, line.edge.peer, line.edge.protocol, line.edge.port) == (
        Role.CLIENT, pay, Protocol.TCP, 8443,
    )  # fmt: skip


def test_an_accept_of_2020_is_ingress_of_the_local_pod(lines):
    """And the remote pod's workload is told from its name and its template hash."""
    (line,) = lines(
        tcptracer(
            type="accept", remote_kind="pod", remote_pod_namespace="shop", remote_pod_name="queue-6d4f9-abcde",
            remote_pod_labels={"app": "queue", "pod-template-hash": "6d4f9"},
        )
    )  # fmt: skip
    queue = WorkloadPeer(Workload("shop", "Deployment", "queue", (("app", "queue"),)))
    assert (line.workload, line.edge.role, line.edge.peer) == (TILL, Role.SERVER, queue)


def test_services_of_one_selector_are_one_peer(lines):
    """Their names are only hints."""
    first, second = lines(tcptracer(remote_svc_name="pay-b"), tcptracer(remote_svc_name="pay-a"))
    assert first.edge.peer == second.edge.peer


def test_a_service_is_named_after_the_workload_that_it_selects(lines):
    """If the recording has pods of that selector."""
    own = tcptracer(local_pod_namespace="bank", local_pod_name="pay-0", local_pod_owner="pay-set",
                    local_pod_labels={"app": "pay"})  # fmt: skip
    peers = {line.edge.peer for line in lines(tcptracer(), own) if line.workload == TILL}
    assert peers == {WorkloadPeer(Workload("bank", "Deployment", "pay-set", (("app", "pay"),)))}


def test_the_selector_is_what_all_pods_have_in_common(lines):
    """A rollout that adds a label must not shut out the old pods."""
    newer = tcptracer(local_pod_labels={"app": "till", "track": "new", "pod-template-hash": "1"})
    assert {line.workload for line in lines(tcptracer(), newer)} == {TILL}


def test_an_event_of_2022(lines):
    """UDP, outgoing: the local pod is the client."""
    (line,) = lines(trace_network())
    dns = WorkloadPeer(Workload("kube-system", "Deployment", "kube-dns", (("k8s-app", "kube-dns"),)))
    assert (line.workload, line.edge.role, line.edge.peer) == (PROBE, Role.CLIENT, dns)
    assert (line.edge.protocol, line.edge.port) == (Protocol.UDP, 53)


def test_a_packet_to_the_host_is_ingress(lines):
    """The type HOST, from an outside address."""
    event = trace_network(pktType="HOST", remoteKind="other", remoteOther="203.0.113.7", proto="tcp", port=8080)
    (line,) = lines(event)
    assert (line.edge.role, line.edge.peer) == (Role.SERVER, ExternalPeer("203.0.113.7"))


def test_loopback_is_left_out_and_counted(take):
    """It never leaves the pod."""
    recording, _ = take(tcptracer(remote_kind="other", remote_other="::ffff:127.0.0.1"))
    assert (len(recording.events), recording.skipped) == (0, {"loopback": 1})


def test_a_private_address_is_not_taken_for_an_external_one(lines):
    """It may be a pod that was gone before it was looked up."""
    (line,) = lines(nested({"kind": "raw", "addr": "10.244.0.73"}))
    assert line.edge.peer == UnresolvedPeer("10.244.0.73", "no_inventory")


def test_a_service_without_a_selector_has_no_known_end(lines):
    """Its cluster address is no one's to be written into an ipBlock."""
    (line,) = lines(nested({"kind": "svc", "addr": "10.96.0.1", "namespace": "default", "name": "kubernetes"}))
    assert line.edge.peer == UnresolvedPeer("10.96.0.1", "no_endpoints")


def test_an_unlabelled_pod_has_an_empty_selector(lines):
    """So that no policy can be written for it."""
    (line,) = lines(trace_network(podLabels=None))
    assert line.workload == Workload("shop", "Pod", "probe")


def test_field_names_of_2025_differ_in_case_between_releases(lines):
    """As podname or podName, podlabels or podLabels."""
    dst = {"kind": "pod", "addr": "10.244.0.9", "namespace": "bank", "podname": "vault", "podlabels": {"app": "vault"}}
    (line,) = lines(nested(dst))
    assert line.edge.peer == WorkloadPeer(Workload("bank", "Pod", "vault", (("app", "vault"),)))


@pytest.mark.parametrize(
    ("event", "named"),
    [
        (tcptracer(type="close"), "type"),
        (tcptracer(remote_kind="moon"), "remote_kind"),
        (tcptracer(local_pod_namespace=""), "local_pod_namespace"),
        (tcptracer(port=-1), "port"),
        (trace_network(pktType="SIDEWAYS"), "pktType"),
        (trace_network(remoteKind="moon"), "remoteKind"),
        (trace_network(ip="here"), "ip"),
        (trace_network(proto="icmp"), "proto"),
        (nested({"kind": "moon"}), "dst.kind"),
        (nested({"kind": "raw", "addr": ""}), "addr"),
        (nested("here"), "dst"),
    ],
)
def test_an_event_that_breaks_its_form_is_a_bad_line(take, event, named):
    """The reason names the field."""
    _, (bad,) = take(event)
    assert named in bad.reason
