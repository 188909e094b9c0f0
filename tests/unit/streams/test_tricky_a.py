"""Section A of the tricky cases: Services and ports. A policy is judged on pod address and pod port."""

from cluster_objects import T0, connection, endpoints, manifests, node, pod, service
from enriching import edges, enriched, observations

from schemas.records import (
    ApiServerPeer,
    ExternalPeer,
    NodePeer,
    Protocol,
    Role,
    ServiceRef,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
)

CLIENT = pod("client", "10.1.0.1", labels={"app": "client"})
SERVER = pod("server", "10.1.0.2", labels={"app": "server"}, ports=(("http", 8080),), node="n2")
AS_PEER = WorkloadPeer(Workload("demo", "Pod", "server", (("app", "server"),)))
CLIENT_AS_PEER = WorkloadPeer(Workload("demo", "Pod", "client", (("app", "client"),)))
API = (SERVER, service("api", "10.96.0.9"), endpoints("api", [("10.1.0.2", "server")]))
NODES = (node("n1", "192.168.0.1"), node("n2", "192.168.0.2"))
BOTH_ENDS = [("client", 0, AS_PEER, 8080), ("server", 1, CLIENT_AS_PEER, 8080)]


def test_a01_a_cluster_ip_and_port_become_the_pods_and_their_port():
    """ClusterIP, port and target port differ: the edge names the workload behind it and its port, at both ends."""
    assert edges((CLIENT, *API), connection("10.1.0.1", "10.96.0.9", 80)) == BOTH_ENDS


def test_a01_from_manifests_without_slices():
    """The selector finds the pods; a named target port is the number that the pod declares."""
    objects = manifests("""
kind: Service
metadata: {name: mail, namespace: demo}
spec: {clusterIP: 10.96.0.20, selector: {app: server}, ports: [{name: grpc, port: 5000, targetPort: http}]}
""")
    assert edges((CLIENT, SERVER, *objects), connection("10.1.0.1", "10.96.0.20", 5000)) == BOTH_ENDS


def test_a02_the_service_and_its_own_port_stay_on_the_edge():
    """A CNI that enforces before translation needs the Service's port too; what was asked for is not lost."""
    seen = observations(enriched((CLIENT, *API), connection("10.1.0.1", "10.96.0.9", 80)))
    assert {(ServiceRef("demo", "api", 80), 8080)} == {(one.link.service, one.link.port) for one in seen}


def test_a03_a_services_labels_are_not_its_selector():
    """The DNS Service carries labels that its pods lack: the peer is selected by what the pods carry."""
    objects = manifests("""
kind: Service
metadata: {name: dns, namespace: demo, labels: {k8s-app: dns, kubernetes.io/name: CoreDNS}}
spec: {clusterIP: 10.96.0.10, selector: {app: server}, ports: [{port: 53, targetPort: 5353}]}
""")
    seen = edges((CLIENT, SERVER, *objects), connection("10.1.0.1", "10.96.0.10", 53))
    assert ("client", 0, AS_PEER, 5353) in seen


def test_a04_the_api_server_is_its_endpoint_and_port():
    """No selector exists; it is not any pod of namespace default."""
    objects = manifests("""
kind: Service
metadata: {name: kubernetes, namespace: default, labels: {component: apiserver}}
spec: {clusterIP: 10.96.0.1, ports: [{name: https, port: 443, targetPort: 6443}]}
---
kind: EndpointSlice
metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
endpoints: [{addresses: [172.18.0.2]}]
ports: [{name: https, port: 6443}]
""")
    bystander = pod("bystander", "10.1.0.9", namespace="default")
    for address, port in (("10.96.0.1", 443), ("172.18.0.2", 6443)):
        seen = edges((CLIENT, bystander, *objects), connection("10.1.0.1", address, port))
        assert [("client", 0, ApiServerPeer("172.18.0.2"), 6443)] == seen


def test_a05_an_api_server_on_a_node_is_the_api_server_at_its_port_only():
    """Who writes the rule must know that the address is a node's as well."""
    kubernetes = (
        service("kubernetes", "10.96.0.1", ports=((443, "6443"),), namespace="default"),
        endpoints("kubernetes", ["192.168.0.1"], ports=((443, 6443),), namespace="default"),
    )
    objects = (CLIENT, *NODES, *kubernetes)
    assert [("client", 0, ApiServerPeer("192.168.0.1"), 6443)] == edges(
        objects, connection("10.1.0.1", "10.96.0.1", 443)
    )
    assert [("client", 0, NodePeer("192.168.0.1", "n1", own=True), 10250)] == edges(
        objects, connection("10.1.0.1", "192.168.0.1", 10250)
    )


def test_a06_a_headless_service_is_reached_on_the_pod_port_untranslated():
    """The Service's port plays no part where its pods are connected to themselves."""
    objects = (CLIENT, SERVER, service("api"), endpoints("api", [("10.1.0.2", "server")]))
    assert ("client", 0, AS_PEER, 80) in edges(objects, connection("10.1.0.1", "10.1.0.2", 80))


def test_a07_an_external_name_is_whoever_was_really_connected_to():
    """Outside or inside; the Service object says nothing, whatever addresses and selectors it has kept."""
    objects = manifests("""
kind: Service
metadata: {name: alias, namespace: demo}
spec: {type: ExternalName, externalName: db.example.com, clusterIP: 10.96.0.30, selector: {app: server},
       externalIPs: [203.0.113.30], ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
""")
    known = (CLIENT, SERVER, *NODES, *objects)
    assert [("client", 0, ExternalPeer("203.0.113.30"), 80)] == edges(known, connection("10.1.0.1", "203.0.113.30", 80))
    assert edges(known, connection("10.1.0.1", "10.1.0.2", 8080)) == BOTH_ENDS
    assert [("client", 0, NodePeer("192.168.0.2", "n2"), 30080)] == edges(
        known, connection("10.1.0.1", "192.168.0.2", 30080)
    )


def test_a08_a_manual_endpoint_outside_is_external():
    """No selector, endpoints written by hand: the address behind it, and its port."""
    objects = (CLIENT, service("db", "10.96.0.7"), endpoints("db", ["203.0.113.9"], ports=((80, 5432),)))
    assert [("client", 0, ExternalPeer("203.0.113.9"), 5432)] == edges(objects, connection("10.1.0.1", "10.96.0.7", 80))


def test_a08_a_manual_endpoint_that_is_a_pods_address_is_the_pod():
    objects = (CLIENT, SERVER, service("db", "10.96.0.7"), endpoints("db", ["10.1.0.2"]))
    assert edges(objects, connection("10.1.0.1", "10.96.0.7", 80)) == BOTH_ENDS


def test_a08_a_manual_endpoint_is_the_pod_that_had_the_address_then():
    """The slice is of now; the address had another pod when it was connected to."""
    old = pod("old", "10.1.0.2", lease=(T0 - 9_000, T0 + 9_000))
    new = pod("new", "10.1.0.2", lease=(T0 + 20_000, 0))
    objects = (CLIENT, old, new, service("db", "10.96.0.7"), endpoints("db", ["10.1.0.2"]))
    seen = edges(objects, connection("10.1.0.1", "10.96.0.7", 80))
    assert [name for name, role, _, _ in seen if role == 1] == ["old"]


def test_a09_named_target_ports_differ_by_pod():
    """One edge for each number that a pod declares, each only a candidate until a server's end has told."""
    other = pod("other", "10.1.0.3", labels={"app": "server"}, ports=(("http", 9090),))
    objects = (CLIENT, SERVER, other, service("api", "10.96.0.9", ports=((80, "http"),), selector={"app": "server"}))
    seen = observations(enriched(objects, connection("10.1.0.1", "10.96.0.9", 80)))
    told = {(one.link.workload.name, one.link.port, one.link.shared) for one in seen if one.link.role == 1}
    assert {("other", 9090, True), ("server", 8080, True)} == told


def test_a10_a_load_balancer_or_external_address_from_inside_is_the_service():
    """kube-proxy takes the short cut, so the rule is for the pods."""
    balanced = service(
        "api", "10.96.0.9", load_balancer_ips=("198.51.100.4",), external_ips=("198.51.100.5",), type="LoadBalancer"
    )
    objects = (CLIENT, SERVER, balanced, endpoints("api", [("10.1.0.2", "server")]))
    for address in ("198.51.100.4", "198.51.100.5"):
        assert edges(objects, connection("10.1.0.1", address, 80)) == BOTH_ENDS


def test_a10_a_load_balancer_that_the_connection_really_passes_is_outside():
    """With ipMode Proxy, or only a host name, there is no short cut."""
    objects = manifests("""
kind: Service
metadata: {name: api, namespace: demo}
spec: {type: LoadBalancer, clusterIP: 10.96.0.9, selector: {app: server}, ports: [{port: 80, targetPort: 8080}]}
status: {loadBalancer: {ingress: [{ip: 198.51.100.6, ipMode: Proxy}, {hostname: lb.example.com}]}}
""")
    seen = edges((CLIENT, SERVER, *objects), connection("10.1.0.1", "198.51.100.6", 80))
    assert [("client", 0, ExternalPeer("198.51.100.6"), 80)] == seen


def test_a10_a_node_that_lends_its_address_to_a_load_balancer_is_still_the_node_on_other_ports():
    """Some distributions publish node addresses as those of the load balancer."""
    lent = service("api", "10.96.0.9", load_balancer_ips=("192.168.0.2",), type="LoadBalancer")
    objects = (CLIENT, *NODES, SERVER, lent, endpoints("api", [("10.1.0.2", "server")]))
    assert edges(objects, connection("10.1.0.1", "192.168.0.2", 80)) == BOTH_ENDS
    assert [("client", 0, NodePeer("192.168.0.2", "n2"), 10250)] == edges(
        objects, connection("10.1.0.1", "192.168.0.2", 10250)
    )


def test_a11_a_node_port_from_inside_is_the_pods_behind_it():
    ported = service("api", "10.96.0.9", ports=((80, "8080", Protocol.TCP, 30080),), type="NodePort")
    objects = (CLIENT, *NODES, SERVER, ported, endpoints("api", [("10.1.0.2", "server")]))
    assert edges(objects, connection("10.1.0.1", "192.168.0.1", 30080)) == BOTH_ENDS


def test_a11_a_masqueraded_client_is_told_as_a_node_and_never_as_a_pod_of_it():
    """ExternalTrafficPolicy Cluster hides the client; with Local its own address arrives."""
    agent = pod("agent", "192.168.0.1", host_network=True)
    hidden = edges((*NODES, agent, *API), connection("10.1.0.2", "192.168.0.1", 8080, Role.SERVER))
    shown = edges((*NODES, *API), connection("10.1.0.2", "203.0.113.8", 8080, Role.SERVER))
    assert [("server", 1, NodePeer("192.168.0.1", "n1"), 8080)] == hidden
    assert [("server", 1, ExternalPeer("203.0.113.8"), 8080)] == shown


def test_a12_a_cloud_load_balancer_that_reaches_the_pod_itself_is_outside():
    """Its address is of the private network around the cluster, and no unknown pod's."""
    seen = edges((*NODES, *API), connection("10.1.0.2", "172.31.7.9", 8080, Role.SERVER))
    assert [("server", 1, ExternalPeer("172.31.7.9"), 8080)] == seen


def test_a13_a_host_port_is_the_pod_of_that_node_and_its_container_port():
    """From manifests: the node's port leads to the pod; the same port of another node leads nowhere."""
    objects = manifests("""
kind: Pod
metadata: {name: server, namespace: demo, uid: uid-server, labels: {app: server}}
spec: {nodeName: n2, containers: [{name: web, ports: [{containerPort: 8080, hostPort: 9080}]}]}
status: {phase: Running, podIPs: [{ip: 10.1.0.2}]}
""")
    known = (CLIENT, *NODES, *objects)
    assert edges(known, connection("10.1.0.1", "192.168.0.2", 9080)) == BOTH_ENDS
    assert [("client", 0, NodePeer("192.168.0.1", "n1", own=True), 9080)] == edges(
        known, connection("10.1.0.1", "192.168.0.1", 9080)
    )


def test_a14_masquerade_between_pods_leaves_the_clients_end_to_tell_the_client():
    """The server's end saw a node and says so; the client's end names both workloads, on the same port."""
    by_server = edges((CLIENT, *NODES, *API), connection("10.1.0.2", "192.168.0.1", 8080, Role.SERVER))
    by_client = edges((CLIENT, *NODES, *API), connection("10.1.0.1", "10.96.0.9", 80))
    assert [("server", 1, NodePeer("192.168.0.1", "n1"), 8080)] == by_server
    assert by_client == BOTH_ENDS


def test_a16_dynamic_server_ports_stay_edges_of_their_own():
    """Passive FTP: whether they become a range is decided where rules are made."""
    seen = edges((CLIENT, SERVER), *(connection("10.1.0.1", "10.1.0.2", port) for port in (40_001, 40_017, 61_234)))
    assert [port for name, _, _, port in seen if name == "client"] == [40_001, 40_017, 61_234]


def test_a_service_without_endpoints_is_unresolved_and_not_external():
    expected = [("client", 0, UnresolvedPeer("10.96.0.9", "no_endpoints"), 80)]
    assert expected == edges((CLIENT, service("api", "10.96.0.9")), connection("10.1.0.1", "10.96.0.9", 80))


def test_a_service_whose_pods_are_not_known_yet_is_unresolved():
    """Its slice names a pod by UID: whoever else has the address is not meant."""
    objects = (CLIENT, service("api", "10.96.0.9"), endpoints("api", [("10.1.0.2", "unheard-of")]), SERVER)
    expected = [("client", 0, UnresolvedPeer("10.96.0.9", "unknown_pod"), 80)]
    assert expected == edges(objects, connection("10.1.0.1", "10.96.0.9", 80))


def test_a_port_that_the_service_does_not_offer_is_unresolved():
    expected = [("client", 0, UnresolvedPeer("10.96.0.9", "no_service_port"), 81)]
    assert expected == edges((CLIENT, service("api", "10.96.0.9")), connection("10.1.0.1", "10.96.0.9", 81))


def test_several_workloads_behind_one_service_are_all_told_as_candidates():
    """Nobody knows which of them was reached; a Service of one workload leaves no doubt."""
    other = pod("other", "10.1.0.3", labels={"app": "other"})
    slices = endpoints("api", [("10.1.0.2", "server"), ("10.1.0.3", "other")])
    objects = (CLIENT, SERVER, other, service("api", "10.96.0.9"), slices)
    several = observations(enriched(objects, connection("10.1.0.1", "10.96.0.9", 80)))
    told = sorted((one.link.workload.name, one.link.shared) for one in several if one.link.role == 1)
    assert told == [("other", True), ("server", True)]
    alone = observations(enriched((CLIENT, *API), connection("10.1.0.1", "10.96.0.9", 80)))
    assert {False} == {one.link.shared for one in alone}


def test_a_service_port_is_told_by_its_protocol():
    """DNS by UDP and by TCP may lead to different ports."""
    both = service("dns", "10.96.0.10", ports=((53, "5353", Protocol.UDP), (54, "5454", Protocol.TCP)))
    slices = endpoints("dns", [("10.1.0.2", "server")], ports=((53, 5353, Protocol.UDP), (54, 5454, Protocol.TCP)))
    objects = (CLIENT, SERVER, both, slices)
    assert ("client", 0, AS_PEER, 5353) in edges(
        objects, connection("10.1.0.1", "10.96.0.10", 53, protocol=Protocol.UDP)
    )
    assert [("client", 0, UnresolvedPeer("10.96.0.10", "no_service_port"), 53)] == edges(
        objects, connection("10.1.0.1", "10.96.0.10", 53)
    )
