"""Section C of the tricky cases: nodes, kubelet, loopback, link-local addresses."""

import pytest
from cluster_objects import connection, controller, endpoints, manifests, node, owner, pod, service
from enriching import edges, enriched, observations

from schemas.records import ExternalPeer, NodePeer, Protocol, Role, UnresolvedPeer, WorkloadPeer, counts_of

WEB = pod("web", "10.1.0.9", labels={"app": "web"})
N1 = node("n1", "192.168.0.1", cidrs=["10.1.0.0/24"])
N2 = node("n2", "192.168.0.2", cidrs=["10.1.1.0/24"])
AGENT = pod("agent", "192.168.0.2", node="n2", host_network=True)


def test_c26_a_node_address_is_the_node_though_host_network_pods_have_it():
    expected = [("web", 0, NodePeer("192.168.0.2", "n2"), 9100)]
    assert expected == edges((WEB, AGENT, N1, N2), connection("10.1.0.9", "192.168.0.2", 9100))


def test_c26_a_host_network_pod_behind_a_service_is_its_node():
    objects = (WEB, AGENT, N1, N2, service("metrics", "10.96.0.9"), endpoints("metrics", [("192.168.0.2", "agent")]))
    expected = [("web", 0, NodePeer("192.168.0.2", "n2"), 8080)]
    assert expected == edges(objects, connection("10.1.0.9", "10.96.0.9", 80))


def test_c27_a_host_network_pod_is_no_subject():
    seen = enriched((AGENT, N2), connection("192.168.0.2", "203.0.113.1", 443, pod_uid="uid-agent"))
    assert (observations(seen), seen.source.ignored) == ((), counts_of({"host": 1}))


def test_c27_its_connections_are_the_nodes_to_whoever_it_reached():
    """The pod at the other end has an edge all the same."""
    seen = edges((WEB, AGENT, N1, N2), connection("192.168.0.2", "10.1.0.9", 8080, pod_uid="uid-agent"))
    assert seen == [("web", 1, NodePeer("192.168.0.2", "n2"), 8080)]


def test_c27_a_host_network_pod_whose_node_is_not_known_is_unresolved():
    seen = enriched((AGENT,), connection("192.168.0.2", "203.0.113.1", 443, pod_uid="uid-agent"))
    assert seen.source.unresolved == counts_of({"host_network": 1})


@pytest.mark.parametrize("by", ["pod", "node"])
def test_c28_a_kubelet_probe_is_the_own_node(by):
    """Seen from either end."""
    ends = {"pod": ("10.1.0.9", "192.168.0.1", 8080, Role.SERVER), "node": ("192.168.0.1", "10.1.0.9", 8080)}
    seen = edges((WEB, N1), connection(*ends[by]))
    assert seen == [("web", 1, NodePeer("192.168.0.1", "n1", own=True), 8080)]


def test_c28_another_node_is_not_the_own_one():
    seen = edges((WEB, N1, N2), connection("10.1.0.9", "192.168.0.2", 8080, Role.SERVER))
    assert seen == [("web", 1, NodePeer("192.168.0.2", "n2", own=False), 8080)]


@pytest.mark.parametrize("address", ["10.1.0.0", "10.1.0.1"])
def test_c29_the_first_two_addresses_of_a_pod_range_are_the_node(address):
    """The CNI's bridge, and flannel's tunnel, which hosts of other nodes come from."""
    seen = edges((WEB, N1), connection("10.1.0.9", address, 8080, Role.SERVER))
    assert seen == [("web", 1, NodePeer(address, "n1", own=True), 8080)]


def test_c29_tunnel_addresses_in_a_nodes_annotations_are_the_node():
    """Calico and Cilium take them out of the pods' ranges; podCIDR may be missing."""
    (calico,) = manifests("""
kind: Node
metadata: {name: n3, annotations: {projectcalico.org/IPv4VXLANTunnelAddr: 10.1.86.128}}
status: {addresses: [{type: InternalIP, address: 192.168.0.3}, {type: Hostname, address: n3}]}
""")
    seen = edges((WEB, calico), connection("10.1.0.9", "10.1.86.128", 8080, Role.SERVER))
    assert seen == [("web", 1, NodePeer("10.1.86.128", "n3"), 8080)]


def test_c29_an_address_that_a_pod_got_all_the_same_is_the_pods():
    """Some plugins give out the first address too."""
    first = pod("first", "10.1.0.1")
    seen = edges((WEB, first, N1), connection("10.1.0.9", "10.1.0.1", 80))
    assert [name for name, _, _, _ in seen] == ["first", "web"]


def test_c30_loopback_is_ignored_in_all_its_forms():
    pairs = [("127.0.0.1", "127.0.0.1"), ("127.8.9.1", "127.0.0.1"), ("::1", "::1"), ("::ffff:127.0.0.1", "127.0.0.1")]
    seen = enriched((WEB,), *(connection(local, remote, 80) for local, remote in pairs))
    assert (observations(seen), seen.source.ignored) == ((), counts_of({"loopback": 4}))


def test_c31_a_pod_to_its_own_address_is_ignored():
    """By equal addresses, and by the other address of the same pod."""
    both = pod("web", "10.1.0.9", "fd00::1")
    seen = enriched((both,), connection("10.1.0.9", "10.1.0.9", 80), connection("fd00::1", "10.1.0.9", 80))
    assert (observations(seen), seen.source.ignored) == ((), counts_of({"own_address": 2}))


def replicas(count):
    """A Deployment's pods behind its Service."""
    top = controller("StatefulSet", "web", {"app": "web"})
    pods = [
        pod(f"web-{n}", f"10.1.0.{n + 10}", owned_by=owner("StatefulSet", "web"), labels={"app": "web"})
        for n in range(count)
    ]
    slices = endpoints("api", [(one.body.ips[0], one.name) for one in pods])
    return (top, *pods, service("api", "10.96.0.9", selector={"app": "web"}), slices, N1)


def test_c31_the_only_replica_to_itself_through_its_service_is_ignored():
    """It can have reached nobody else, and Kubernetes does not say whether a policy concerns it."""
    seen = enriched(replicas(1), connection("10.1.0.10", "10.96.0.9", 80))
    assert (observations(seen), seen.source.ignored) == ((), counts_of({"own_address": 1}))


def test_c31_one_of_several_replicas_through_their_service_is_an_edge_to_the_own_workload():
    """It may have reached another replica; nothing is told of a node or of a doubt."""
    seen = observations(enriched(replicas(2), connection("10.1.0.10", "10.96.0.9", 80)))
    assert [(one.link.role, one.link.peer.workload.name, one.link.port, one.link.shared) for one in seen] == [
        (0, "web", 8080, False), (1, "web", 8080, False),
    ]  # fmt: skip


def test_c31_its_service_with_another_workloads_pods_behind_it_may_have_led_there():
    """What may have reached somebody else is told to all candidates, the own workload among them."""
    other = pod("other", "10.1.0.20", labels={"app": "web"})
    slices = endpoints("api", [("10.1.0.10", "web-0"), ("10.1.0.20", "other")])
    seen = observations(enriched((*replicas(1), other, slices), connection("10.1.0.10", "10.96.0.9", 80)))
    assert {(one.link.peer.workload.name, one.link.shared) for one in seen if one.link.role == 0} == {
        ("web", True), ("other", True),
    }  # fmt: skip


def test_c31_what_comes_back_by_the_gateway_is_the_own_node():
    """Hairpin masquerade: Kubernetes always admits it, no rule follows."""
    seen = edges(replicas(1), connection("10.1.0.10", "10.1.0.1", 8080, Role.SERVER))
    assert seen == [("web", 1, NodePeer("10.1.0.1", "n1", own=True), 8080)]


def test_c32_port_forward_begins_at_the_pods_own_loopback():
    seen = enriched((WEB,), connection("127.0.0.1", "127.0.0.1", 8080, Role.SERVER, pod_uid="uid-web"))
    assert seen.source.ignored == counts_of({"loopback": 1})


@pytest.mark.parametrize("address", ["169.254.20.10", "169.254.25.10"])
def test_c33_a_node_local_dns_cache_is_its_own_link_local_address(address):
    """Neither the DNS pods nor a node; it is kept as it is and never folded into a range."""
    seen = edges((WEB, N1), connection("10.1.0.9", address, 53, protocol=Protocol.UDP))
    assert seen == [("web", 0, ExternalPeer(address), 53)]


def test_c34_dns_on_another_pod_port_is_told_on_that_port():
    """A distribution whose DNS Service leads from 53 to 5353, in a namespace of its own."""
    dns = pod("dns-default", "10.1.0.53", labels={"dns": "default"}, namespace="cluster-dns")
    front = service("dns-default", "10.96.0.10", ports=((53, "5353", Protocol.UDP),), namespace="cluster-dns")
    slices = endpoints("dns-default", [("10.1.0.53", "dns-default")], ((53, 5353, Protocol.UDP),), "cluster-dns")
    seen = edges((WEB, dns, front, slices), connection("10.1.0.9", "10.96.0.10", 53, protocol=Protocol.UDP))
    ((peer, port),) = [(peer, port) for name, _, peer, port in seen if name == "web"]
    assert (peer.workload.namespace, peer.workload.name, port) == ("cluster-dns", "dns-default", 5353)


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:a9fe:a9fe"])
def test_c37_the_metadata_address_is_told_by_itself(address):
    """Also as a socket of IPv6 has it, and though a node may answer in its place."""
    seen = edges((WEB, N1), connection("10.1.0.9", address, 80))
    assert seen == [("web", 0, ExternalPeer("169.254.169.254"), 80)]


def test_c38_the_api_server_as_a_client_is_its_node_on_the_webhooks_pod_port():
    """It comes from a control plane node's address; no pod of that node is meant."""
    apiserver = pod("kube-apiserver-n2", "192.168.0.2", node="n2", host_network=True, namespace="kube-system")
    seen = edges((WEB, apiserver, N1, N2), connection("10.1.0.9", "192.168.0.2", 8443, Role.SERVER))
    assert seen == [("web", 1, NodePeer("192.168.0.2", "n2"), 8443)]


def test_c38_through_a_tunnel_agent_it_is_the_agents_pod():
    """Managed control planes come by a konnectivity pod."""
    agent = pod("konnectivity-agent", "10.1.0.77", labels={"k8s-app": "konnectivity-agent"}, namespace="kube-system")
    seen = edges((WEB, agent), connection("10.1.0.9", "10.1.0.77", 8443, Role.SERVER))
    assert [peer.workload.name for name, _, peer, _ in seen if name == "web"] == ["konnectivity-agent"]
    assert all(isinstance(peer, WorkloadPeer) for _, _, peer, _ in seen)


def test_node_to_outside_is_ignored_by_name():
    seen = enriched((N1,), connection("192.168.0.1", "203.0.113.1", 443, count=5))
    assert (seen.source.ignored, seen.used) == (counts_of({"host": 5}), 0)


def test_an_address_of_two_nodes_is_a_node_without_a_name():
    """Nobody knows which of them, so it is not the pod's own."""
    twice = (node("n1", "192.168.0.1"), node("n2", "192.168.0.1"))
    seen = edges((WEB, *twice), connection("10.1.0.9", "192.168.0.1", 80, Role.SERVER))
    assert seen == [("web", 1, NodePeer("192.168.0.1", "", own=False), 80)]


def test_a_pods_address_at_another_time_is_unresolved_also_outside_of_the_ranges():
    gone = pod("gone", "172.20.0.5", lease=(1, 2))
    seen = edges((WEB, gone), connection("10.1.0.9", "172.20.0.5", 80))
    assert seen == [("web", 0, UnresolvedPeer("172.20.0.5", "no_lease"), 80)]
