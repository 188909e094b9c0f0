"""Section A of the tricky cases: a policy is judged on pod address and pod port."""

from cluster_objects import connection, edges, endpoints, enriched, pod, service

from schemas.records import (
    ApiServerPeer,
    ExternalPeer,
    ServiceRef,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
)

CLIENT = pod("client", "10.1.0.1", labels={"app": "client"})
SERVER = pod("server", "10.1.0.2", labels={"app": "server"}, ports=(("http", 8080),))
AS_PEER = WorkloadPeer(Workload("demo", "Pod", "server", (("app", "server"),)))
CLIENT_AS_PEER = WorkloadPeer(Workload("demo", "Pod", "client", (("app", "client"),)))


def test_a1_cluster_ip_and_port_become_the_backing_workload_and_its_target_port():
    """A connection to a ClusterIP names the pods behind it and their port, at both ends."""
    objects = (CLIENT, SERVER, service("api", "10.96.0.9"), endpoints("api", [("10.1.0.2", "server")]))
    expected = [("client", 0, AS_PEER, 8080), ("server", 1, CLIENT_AS_PEER, 8080)]
    assert expected == edges(objects, connection("10.1.0.1", "10.96.0.9", 80))


def test_a1_the_service_is_remembered_on_the_edge():
    objects = (CLIENT, SERVER, service("api", "10.96.0.9"), endpoints("api", [("10.1.0.2", "server")]))
    seen = enriched(objects, connection("10.1.0.1", "10.96.0.9", 80)).observations
    assert {ServiceRef("demo", "api", 80)} == {one.link.service for one in seen}


def test_a1_without_slices_the_selector_finds_the_pods():
    """A named target port resolves by the pod's own declaration."""
    objects = (CLIENT, SERVER, service("api", "10.96.0.9", ports=((80, "http"),), selector={"app": "server"}))
    assert ("client", 0, AS_PEER, 8080) in edges(objects, connection("10.1.0.1", "10.96.0.9", 80))


def test_a4_the_api_server_is_its_endpoint_not_a_pod_of_default():
    objects = (
        CLIENT,
        service("kubernetes", "10.96.0.1", ports=((443, "6443"),), namespace="default"),
        endpoints("kubernetes", ["172.18.0.2"], ports=((443, 6443),), namespace="default"),
    )
    expected = [("client", 0, ApiServerPeer("172.18.0.2"), 6443)]
    assert expected == edges(objects, connection("10.1.0.1", "10.96.0.1", 443))


def test_a6_headless_service_is_reached_on_the_pod_port_untranslated():
    objects = (CLIENT, SERVER, service("api"), endpoints("api", [("10.1.0.2", "server")]))
    assert ("client", 0, AS_PEER, 9999) in edges(objects, connection("10.1.0.1", "10.1.0.2", 9999))


def test_a8_manual_endpoint_outside_is_external():
    objects = (CLIENT, service("db", "10.96.0.7"), endpoints("db", ["203.0.113.9"], ports=((80, 5432),)))
    expected = [("client", 0, ExternalPeer("203.0.113.9"), 5432)]
    assert expected == edges(objects, connection("10.1.0.1", "10.96.0.7", 80))


def test_a8_manual_endpoint_that_is_a_pod_is_the_pod():
    objects = (CLIENT, SERVER, service("db", "10.96.0.7"), endpoints("db", ["10.1.0.2"]))
    assert ("client", 0, AS_PEER, 8080) in edges(objects, connection("10.1.0.1", "10.96.0.7", 80))


def test_a9_named_target_ports_differ_by_pod():
    """One edge for each number that a pod declares."""
    other = pod("other", "10.1.0.3", labels={"app": "server"}, ports=(("http", 9090),))
    objects = (CLIENT, SERVER, other, service("api", "10.96.0.9", ports=((80, "http"),), selector={"app": "server"}))
    seen = edges(objects, connection("10.1.0.1", "10.96.0.9", 80))
    assert sorted((name, port) for name, role, _, port in seen if role == 1) == [("other", 9090), ("server", 8080)]


def test_a10_load_balancer_address_from_inside_is_the_service():
    objects = (
        CLIENT,
        SERVER,
        service("api", "10.96.0.9", load_balancer_ips=("198.51.100.4",), external_ips=("198.51.100.5",)),
        endpoints("api", [("10.1.0.2", "server")]),
    )
    for address in ("198.51.100.4", "198.51.100.5"):
        assert ("client", 0, AS_PEER, 8080) in edges(objects, connection("10.1.0.1", address, 80))


def test_service_without_endpoints_is_unresolved_and_not_external():
    expected = [("client", 0, UnresolvedPeer("10.96.0.9", "no_endpoints"), 80)]
    assert expected == edges((CLIENT, service("api", "10.96.0.9")), connection("10.1.0.1", "10.96.0.9", 80))


def test_a_port_that_the_service_does_not_offer_is_unresolved():
    expected = [("client", 0, UnresolvedPeer("10.96.0.9", "no_service_port"), 81)]
    assert expected == edges((CLIENT, service("api", "10.96.0.9")), connection("10.1.0.1", "10.96.0.9", 81))


def test_several_workloads_behind_one_service_are_all_told():
    other = pod("other", "10.1.0.3", labels={"app": "other"})
    slices = endpoints("api", [("10.1.0.2", "server"), ("10.1.0.3", "other")])
    seen = edges((CLIENT, SERVER, other, service("api", "10.96.0.9"), slices), connection("10.1.0.1", "10.96.0.9", 80))
    assert sorted(name for name, role, _, _ in seen if role == 1) == ["other", "server"]
