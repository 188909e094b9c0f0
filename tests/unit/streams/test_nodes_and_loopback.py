"""Section C of the tricky cases: nodes, kubelet, loopback."""

from cluster_objects import connection, edges, enriched, node, pod

from schemas.records import NodePeer, Role, counts_of

WEB = pod("web", "10.1.0.1", labels={"app": "web"})
N1 = node("n1", "192.168.0.1", cidrs=["10.1.0.0/24"])
N2 = node("n2", "192.168.0.2", cidrs=["10.1.1.0/24"])


def test_c26_a_node_address_is_the_node_though_host_network_pods_have_it():
    host = pod("agent", "192.168.0.2", node="n2", host_network=True)
    expected = [("web", 0, NodePeer("192.168.0.2", "n2"), 9100)]
    assert expected == edges((WEB, host, N1, N2), connection("10.1.0.1", "192.168.0.2", 9100))


def test_c27_a_host_network_pod_is_no_subject():
    host = pod("agent", "192.168.0.2", node="n2", host_network=True)
    seen = enriched((host, N2), connection("192.168.0.2", "203.0.113.1", 443, pod_uid="uid-agent"))
    assert ((), counts_of({"host": 1})) == (seen.observations, seen.source.ignored)


def test_c28_a_kubelet_probe_is_the_own_node():
    """Seen from the pod: it accepts from its own node."""
    expected = [("web", 1, NodePeer("192.168.0.1", "n1", own=True), 8080)]
    assert expected == edges((WEB, N1), connection("10.1.0.1", "192.168.0.1", 8080, Role.SERVER))


def test_c28_a_kubelet_probe_seen_from_the_node_tells_the_pod():
    expected = [("web", 1, NodePeer("192.168.0.1", "n1", own=True), 8080)]
    assert expected == edges((WEB, N1), connection("192.168.0.1", "10.1.0.1", 8080))


def test_c28_another_node_is_not_the_own_one():
    expected = [("web", 1, NodePeer("192.168.0.2", "n2", own=False), 8080)]
    assert expected == edges((WEB, N1, N2), connection("10.1.0.1", "192.168.0.2", 8080, Role.SERVER))


def test_c29_the_first_address_of_a_pod_range_is_the_node():
    expected = [("web", 1, NodePeer("10.1.0.1", "n1", own=True), 8080)]
    web = pod("web", "10.1.0.7")
    assert expected == edges((web, N1), connection("10.1.0.7", "10.1.0.1", 8080, Role.SERVER))


def test_c30_loopback_is_ignored_in_all_its_forms():
    pairs = [("127.0.0.1", "127.0.0.1"), ("127.0.0.6", "127.0.0.1"), ("::1", "::1"), ("::ffff:127.0.0.1", "127.0.0.1")]
    seen = enriched((WEB,), *(connection(local, remote, 80) for local, remote in pairs))
    assert ((), counts_of({"loopback": 4})) == (seen.observations, seen.source.ignored)


def test_c31_own_address_is_ignored():
    """By equal addresses, and by the other address of the same pod."""
    both = pod("web", "10.1.0.1", "fd00::1")
    seen = enriched((both,), connection("10.1.0.1", "10.1.0.1", 80), connection("fd00::1", "10.1.0.1", 80))
    assert ((), counts_of({"own_address": 2})) == (seen.observations, seen.source.ignored)


def test_node_to_outside_is_ignored_by_name():
    seen = enriched((N1,), connection("192.168.0.1", "203.0.113.1", 443, count=5))
    assert (counts_of({"host": 5}), 0) == (seen.source.ignored, seen.used)
