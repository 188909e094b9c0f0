"""The demo's cluster is derived from the manifest alone."""

import re
from ipaddress import IPv4Address

import pytest
import yaml

from advisor.demo import cluster as placed
from advisor.demo.manifest import load
from advisor.demo.objects import objects_yaml

NOW = 1_790_000_000_000
SHOP = {
    "frontend": 8080,
    "adservice": 9555,
    "cartservice": 7070,
    "checkoutservice": 5050,
    "currencyservice": 7000,
    "emailservice": 8080,
    "paymentservice": 50051,
    "productcatalogservice": 3550,
    "recommendationservice": 8080,
    "redis-cart": 6379,
    "shippingservice": 50051,
}


@pytest.fixture(scope="module")
def cluster():
    return placed.place(load())


@pytest.fixture(scope="module")
def objects(cluster):
    return yaml.safe_load(objects_yaml(cluster, NOW))["items"]


def of(objects, kind):
    return [one for one in objects if one["kind"] == kind]


def test_shop_has_the_deployments_and_ports_of_online_boutique(cluster):
    """Eleven Deployments in `demo`, each on its real port, and one caller from another namespace."""
    found = {(pod.deployment.namespace, pod.deployment.name, pod.deployment.ports) for pod in cluster.pods}
    assert {name: ports[0].number for namespace, name, ports in found if namespace == "demo"} == SHOP
    assert {name for namespace, name, _ in found if namespace != "demo"} == {"reporting"}


def test_addresses_are_unique_and_inside_their_ranges(cluster):
    """No two pods share an address, nor do two Services, and none is the gateway's."""
    pods = [pod.address for pod in cluster.pods]
    services = {one.service.name: one.addresses[0] for one in cluster.forwards}.values()
    assert len(set(pods)) == len(pods)
    assert len(set(services)) == len(services)
    assert all(address in placed.POD_RANGE and address != placed.GATEWAY for address in pods)
    assert all(address in placed.SERVICE_RANGE for address in services)


def test_a_service_port_becomes_its_pods_port(cluster):
    """The Service emailservice is called on 5000 and listens on 8080; a named target port is found by its name."""
    ends = {(one.service.name, one.port.port): {end.port for end in one.backends} for one in cluster.forwards}
    assert ends["emailservice", 5000] == {8080}
    assert ends["frontend", 80] == {8080}
    assert ends["frontend-external", 80] == {8080}
    assert ends["adservice", 9555] == {9555}


def test_every_replica_is_a_backend(cluster):
    """A Service reaches each pod that its selector matches, in its own namespace only."""
    (catalog,) = (one for one in cluster.forwards if one.service.name == "productcatalogservice")
    expected = {pod.address for pod in cluster.pods if pod.deployment.name == "productcatalogservice"}
    assert {end.address for end in catalog.backends} == expected
    assert len(expected) == 2


def test_the_load_generator_knows_only_the_load_balancer(cluster):
    """The client outside calls the frontend as the internet would."""
    assert cluster.outside_calls == (placed.Endpoint(IPv4Address("198.51.100.10"), 80),)


def test_objects_are_the_same_every_time(cluster):
    """Two placements of the manifest give the same bytes."""
    assert objects_yaml(placed.place(load()), NOW) == objects_yaml(cluster, NOW)


def test_pods_climb_to_their_deployments(objects):
    """Pod to ReplicaSet to Deployment by UID, as the owner chain of a real cluster."""
    by_uid = {one["metadata"]["uid"]: one for one in objects}
    assert len(by_uid) == len(objects)
    for pod in of(objects, "Pod"):
        (owner,) = pod["metadata"]["ownerReferences"]
        replica_set = by_uid[owner["uid"]]
        deployment = by_uid[replica_set["metadata"]["ownerReferences"][0]["uid"]]
        hashed = pod["metadata"]["labels"]["pod-template-hash"]
        assert pod["metadata"]["name"].startswith(f"{deployment['metadata']['name']}-{hashed}-")
        assert deployment["spec"]["selector"]["matchLabels"] == {"app": deployment["metadata"]["name"]}


def test_slices_name_the_pods_behind_a_service(objects):
    """Each endpoint's address is that of the pod it refers to, and the slice says which Service it serves."""
    addresses = {one["metadata"]["uid"]: one["status"]["podIP"] for one in of(objects, "Pod")}
    slices = of(objects, "EndpointSlice")
    assert {one["metadata"]["labels"]["kubernetes.io/service-name"] for one in slices} == {
        one["metadata"]["name"] for one in of(objects, "Service")
    }
    for one in slices:
        assert one["endpoints"]
        assert all(addresses[end["targetRef"]["uid"]] == end["addresses"][0] for end in one["endpoints"])


def test_names_and_times_have_the_form_of_kubernetes(objects):
    """Names are DNS labels, times are seconds of UTC."""
    for one in objects:
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", one["metadata"]["name"])
        assert one["metadata"]["creationTimestamp"] == "2026-09-21T14:13:20Z"
