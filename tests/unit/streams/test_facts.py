"""The cluster's ranges and its DNS, as far as its objects tell."""

from dataclasses import replace

from cluster_objects import node, pod, service

from schemas.records import ClusterFacts
from streams.objects.addresses import Ranges, packed
from streams.objects.facts import facts_of


def test_nodes_tell_the_ranges_of_pods_and_neighbours_are_written_as_one():
    """Five thousand nodes are a handful of ranges."""
    nodes = [node("a", cidrs=["10.1.0.0/24"]), node("b", cidrs=["10.1.1.0/24"]), node("c", cidrs=["10.9.0.0/24"])]
    assert facts_of(nodes).pod_cidrs == ("10.1.0.0/23", "10.9.0.0/24")


def test_a_dual_stack_has_ranges_of_both_families():
    """Each joined within its own."""
    found = facts_of([node("a", cidrs=["10.1.0.0/24", "fd00:1::/64"]), service("s", "10.96.0.1", "fd00:96::1")])
    assert found.pod_cidrs == ("10.1.0.0/24", "fd00:1::/64")
    assert found.service_cidrs == ("10.96.0.0/16", "fd00:96::/112")


def test_pods_outside_of_the_nodes_ranges_widen_them():
    """Calico and Cilium may take addresses from pools of their own."""
    assert facts_of([node("a", cidrs=["10.1.0.0/24"]), pod("p", "10.1.0.7"), pod("q", "10.50.3.9")]).pod_cidrs == (
        "10.1.0.0/24",
        "10.50.3.0/24",
    )


def test_a_pod_of_the_nodes_network_says_nothing_of_pods_ranges():
    """Its address is the node's."""
    assert facts_of([pod("p", "192.168.0.4", host_network=True)]).pod_cidrs == ()


def test_ranges_of_earlier_stay():
    """A late connection may name an address whose node or pod is gone: it was no address outside."""
    before = ClusterFacts(pod_cidrs=("10.1.5.0/24",))
    assert facts_of([node("a", cidrs=["10.1.4.0/24"])], before=before).pod_cidrs == ("10.1.4.0/23",)


def test_the_servers_own_ranges_of_services_are_taken_as_they_are():
    """Inference is for servers that do not tell."""
    assert facts_of([service("s", "10.96.0.1")], given=["10.96.0.0/12"]).service_cidrs == ("10.96.0.0/12",)


def test_the_clusters_dns_is_found_by_label_or_place():
    """In kube-system by the label that all distributions use; OpenShift's has a place of its own."""
    dns = replace(
        service("coredns", "10.96.0.10", ports=((53, "53"),), namespace="kube-system"),
        labels=(("k8s-app", "kube-dns"),),
    )
    openshift = service("dns-default", "172.30.0.10", ports=((53, "dns"),), namespace="openshift-dns")
    found = facts_of([dns, openshift, replace(dns, namespace="demo"), replace(dns, name="x", labels=())])
    assert found.dns == ("kube-system/coredns", "openshift-dns/dns-default")


def test_a_service_without_dns_port_or_address_is_no_dns():
    """The metrics Service of CoreDNS carries the label too, and is often headless."""
    metrics = service("metrics", "10.96.0.11", ports=((9153, "9153"),), namespace="kube-system")
    headless = service("headless", ports=((53, "53"),), namespace="kube-system")
    labelled = [replace(one, labels=(("k8s-app", "kube-dns"),)) for one in (metrics, headless)]
    assert facts_of(labelled).dns == ()


def test_addresses_are_covered_by_ranges_of_their_own_family():
    """10.0.0.1 as a number is also an IPv6 address."""
    covered = Ranges(["::/64", "10.1.0.0/24", "10.2.0.0/16"])
    assert [packed(ip) in covered for ip in ("10.1.0.9", "10.1.1.9", "10.2.9.9", "::a01:9", "fd00::1")] == [
        True,
        False,
        True,
        True,
        False,
    ]
