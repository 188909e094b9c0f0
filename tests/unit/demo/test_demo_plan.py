"""The demo's network as text."""

import pytest

from advisor.demo import plan
from advisor.demo.cluster import place
from advisor.demo.manifest import load


@pytest.fixture(scope="module")
def cluster():
    return place(load())


def test_every_namespace_can_be_told_from_others(cluster):
    """All names are distinct and begin with the prefix by which leftovers are found."""
    names = plan.namespaces(cluster)
    assert len(set(names)) == len(names) == len(cluster.pods) + 2
    assert all(name.startswith(plan.PREFIX) for name in names)


def test_link_names_fit_the_kernel(cluster):
    """IFNAMSIZ leaves 15 characters."""
    assert all(len(host.link) <= 15 for host in plan.hosts(cluster))


def test_a_pod_routes_everything_by_the_node(cluster):
    """No subnet of its own: replies to a pod next door pass the node's connection tracking."""
    pod = plan.hosts(cluster)[0]
    assert list(plan.host_links(pod)) == [
        "link set lo up",
        f"address add {pod.address}/32 dev eth0",
        "link set eth0 up",
        "route add default via 10.244.0.1 dev eth0 onlink",
    ]


def test_each_address_of_a_service_is_forwarded(cluster):
    """The load balancer's address leads to the same pods as the cluster address, replicas by chance."""
    rules = plan.ruleset(cluster)
    for forward in cluster.forwards:
        for address in forward.addresses:
            assert f"ip daddr {address} tcp dport {forward.port.port} dnat" in rules
    assert "numgen random mod 2 map { 0 : 10.244.0.17 . 3550, 1 : 10.244.0.18 . 3550 }" in rules
