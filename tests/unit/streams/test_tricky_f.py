"""Section F of the tricky cases: meshes. What each socket of a redirected pod tells (docs/decisions/0013-meshes.md)."""

import pytest
from cluster_objects import connection, endpoints, manifests, namespace, pod, service
from enriching import edges, enriched, observations

from schemas.records import ExternalPeer, Role, counts_of

SHOP = pod("shop", "10.1.0.1", mesh="istio")
CART = pod("cart", "10.1.0.2", mesh="istio")
API = (SHOP, CART, service("cart", "10.96.0.9"), endpoints("cart", [("10.1.0.2", "cart")]))
SHOP_TO_CART = [("cart", 1, 8080), ("shop", 0, 8080)]


def told(objects, *connections):
    """The observations as (subject, role code, port), each once."""
    return sorted({(name, role, port) for name, role, _, port in edges(objects, *connections)})


def ignored(objects, *connections):
    """What was left out, by reason; nothing else may have become of it."""
    seen = enriched(objects, *connections)
    assert (seen.used, seen.source.unresolved) == (0, ())
    return seen.source.ignored


def test_f55_what_an_application_and_its_proxy_connect_to_is_one_edge_on_the_pods_port():
    """The application's socket still has the Service's address, the proxy's has the pod's: both tell the truth."""
    by_application = connection("10.1.0.1", "10.96.0.9", 80, pod_uid="uid-shop")
    by_proxy = connection("10.1.0.1", "10.1.0.2", 8080, pod_uid="uid-shop")
    assert told(API, by_application) == told(API, by_proxy) == SHOP_TO_CART


def test_f55_the_proxys_own_ends_on_loopback_are_ignored():
    """Outbound capture ends at 127.0.0.1:15001; inbound leaves to the application from 127.0.0.6, seen by both."""
    captured = connection("127.0.0.1", "10.1.0.1", 15001, Role.SERVER, pod_uid="uid-shop")
    to_application = connection("127.0.0.6", "10.1.0.2", 8080, pod_uid="uid-cart")
    at_application = connection("10.1.0.2", "127.0.0.6", 8080, Role.SERVER, pod_uid="uid-cart")
    assert ignored(API, captured, to_application, at_application) == counts_of({"loopback": 3})


@pytest.mark.parametrize("port", [15001, 15006])
def test_f55_a_capture_port_is_no_port_of_the_workload(port):
    """The server's socket no longer knows what was asked for; nor is one who asks for the port itself served."""
    by_server = connection("10.1.0.2", "10.1.0.1", port, Role.SERVER, pod_uid="uid-cart")
    by_client = connection("10.1.0.1", "10.1.0.2", port, pod_uid="uid-shop")
    unknown = connection("10.1.0.1", "10.1.0.2", port, Role.UNKNOWN, pod_uid="uid-shop")
    assert ignored(API, by_server, by_client, unknown) == counts_of({"mesh_redirect": 3})


def test_f55_the_same_ports_of_a_pod_without_a_proxy_are_its_own():
    """Anybody may listen there."""
    plain = pod("plain", "10.1.0.3")
    seen = told((SHOP, plain), connection("10.1.0.1", "10.1.0.3", 15006, pod_uid="uid-shop"))
    assert seen == [("plain", 1, 15006), ("shop", 0, 15006)]


@pytest.mark.parametrize("port", [15012, 15020, 15021, 15090])
def test_f55_ports_of_the_proxy_and_of_its_control_plane_are_edges(port):
    """Certificates from istiod, merged metrics, probes: none of them is captured."""
    assert told(API, connection("10.1.0.1", "10.1.0.2", port)) == [("cart", 1, port), ("shop", 0, port)]


def test_f55_a_captured_client_from_outside_is_counted_and_not_put_on_another_port():
    """Nobody else saw it: that its port is lost is told by name."""
    seen = connection("10.1.0.2", "203.0.113.5", 15006, Role.SERVER, pod_uid="uid-cart")
    assert ignored(API, seen) == counts_of({"mesh_redirect": 1})


@pytest.mark.parametrize("as_init", [True, False])
def test_f55_a_proxy_is_found_among_all_containers_that_stay(as_init):
    """As an ordinary container, or as an init container that is restarted always."""
    proxy = "{name: istio-proxy, restartPolicy: Always}"
    lists = ("[%s, {name: istio-init}]", "[{name: app}]") if as_init else ("[]", "[{name: app}, %s]")
    init, main = (part % proxy if "%s" in part else part for part in lists)
    (found,) = manifests(f"{{kind: Pod, metadata: {{name: a}}, spec: {{initContainers: {init}, containers: {main}}}}}")
    assert found.body.mesh == "istio"


def test_f55_a_container_that_only_prepared_the_pod_is_no_proxy():
    (found,) = manifests("{kind: Pod, metadata: {name: a}, spec: {initContainers: [{name: istio-proxy}]}}")
    assert found.body.mesh == ""


def test_f55_linkerd_proxies_really_ask_each_other_for_their_inbound_port():
    """The client's socket tells the packet's port, 4143, which a policy must admit; the server's tells nothing new."""
    shop, cart = pod("shop", "10.1.0.1", mesh="linkerd"), pod("cart", "10.1.0.2", mesh="linkerd")
    by_client = connection("10.1.0.1", "10.1.0.2", 4143, pod_uid="uid-shop")
    by_server = connection("10.1.0.2", "10.1.0.1", 4143, Role.SERVER, pod_uid="uid-cart")
    assert told((shop, cart), by_client) == [("cart", 1, 4143), ("shop", 0, 4143)]
    assert ignored((shop, cart), by_server) == counts_of({"mesh_redirect": 1})


def test_f56_between_ambient_pods_the_tunnels_port_is_the_edge():
    """HBONE arrives on 15008 itself, at both ends."""
    shop, cart = pod("shop", "10.1.0.1", mesh="ambient"), pod("cart", "10.1.0.2", mesh="ambient")
    by_client = connection("10.1.0.1", "10.1.0.2", 15008, pod_uid="uid-shop")
    by_server = connection("10.1.0.2", "10.1.0.1", 15008, Role.SERVER, pod_uid="uid-cart")
    expected = [("cart", 1, 15008), ("shop", 0, 15008)]
    assert told((shop, cart), by_client) == told((shop, cart), by_server) == expected


def test_f56_what_an_ambient_pod_gets_in_plain_text_is_told_by_the_applications_socket():
    """The node's ztunnel takes it at 15006 and comes to the application under the client's own address."""
    cart, plain = pod("cart", "10.1.0.2", mesh="ambient"), pod("plain", "10.1.0.3")
    at_ztunnel = connection("10.1.0.2", "10.1.0.3", 15006, Role.SERVER, pod_uid="uid-cart")
    from_ztunnel = connection("10.1.0.3", "10.1.0.2", 8080, pod_uid="uid-cart")
    at_application = connection("10.1.0.2", "10.1.0.3", 8080, Role.SERVER, pod_uid="uid-cart")
    assert ignored((cart, plain), at_ztunnel, from_ztunnel) == counts_of({"mesh_redirect": 1, "own_address": 1})
    assert told((cart, plain), at_application) == [("cart", 1, 8080), ("plain", 0, 8080)]


@pytest.mark.parametrize(
    ("metadata", "mesh"),
    [
        ("annotations: {ambient.istio.io/redirection: enabled}", "ambient"),
        ("labels: {istio.io/dataplane-mode: ambient}", "ambient"),
        ("labels: {istio.io/dataplane-mode: none}", ""),
        ("annotations: {ambient.istio.io/redirection: disabled}", ""),
    ],
)
def test_f56_ambient_is_said_by_the_pod(metadata, mesh):
    (found,) = manifests(f"{{kind: Pod, metadata: {{name: a, {metadata}}}}}")
    assert found.body.mesh == mesh


def test_f56_ambient_is_said_by_the_namespace_for_all_its_pods_but_those_that_opt_out():
    """It may be said after the pods are there, and taken back."""
    out = pod("out", "10.1.0.3", labels={"istio.io/dataplane-mode": "none"})
    ambient = namespace({"istio.io/dataplane-mode": "ambient"})
    captured = [connection(ip, "203.0.113.5", 15006, Role.SERVER) for ip in ("10.1.0.1", "10.1.0.3")]
    seen = enriched((pod("in", "10.1.0.1"), out, ambient), *captured)
    assert seen.source.ignored == counts_of({"mesh_redirect": 1})
    assert [(one.link.workload.name, one.link.peer) for one in observations(seen)] == [
        ("out", ExternalPeer("203.0.113.5"))
    ]
