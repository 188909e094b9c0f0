"""Kubernetes objects from files."""

import json

import pytest
import yaml

from schemas.errors import UsageError
from schemas.records import ClusterFacts, Heartbeat, PodBody, ServiceBody
from streams.objects.files import load_objects

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web",
        "namespace": "demo",
        "uid": "u1",
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "ownerReferences": [{"kind": "X", "name": "no"}, {"kind": "ReplicaSet", "name": "rs", "controller": True}],
    },
    "spec": {"nodeName": "n1", "containers": [{"ports": [{"containerPort": 53, "protocol": "UDP", "name": "dns"}]}]},
    "status": {"phase": "Running", "podIP": "10.1.0.1", "podIPs": [{"ip": "10.1.0.1"}, {"ip": "fd00::1"}]},
}
INGRESS = [{"ip": "198.51.100.1"}, {"ip": "198.51.100.2", "ipMode": "Proxy"}, {"hostname": "x"}]
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "api", "namespace": "demo"},
    "spec": {"clusterIP": "None", "ports": [{"port": 80, "targetPort": "http"}, {"port": 81}]},
    "status": {
        "loadBalancer": {
            "ingress": [{"ip": "198.51.100.1"}, {"ip": "198.51.100.2", "ipMode": "Proxy"}, {"hostname": "x"}]
        }
    },
}
NODE = {"kind": "Node", "metadata": {"name": "n1"}, "spec": {"podCIDRs": ["10.1.0.0/24"]}}
DONE = {
    **POD,
    "status": {
        "phase": "Succeeded",
        "containerStatuses": [{"state": {"terminated": {"finishedAt": "2026-01-02T03:04:09Z"}}}],
    },
}


def load(tmp_path, text):
    path = tmp_path / "objects.yaml"
    path.write_text(text)
    return load_objects([path], "test")


def body(tmp_path, document):
    return load(tmp_path, yaml.safe_dump(document))[0].body


def test_the_same_objects_in_every_form(tmp_path):
    """A List, many documents, JSON: as kubectl prints them."""
    forms = (
        yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [POD, SERVICE]}),
        yaml.safe_dump_all([POD, None, SERVICE]),
        json.dumps({"apiVersion": "v1", "kind": "List", "items": [POD, SERVICE]}),
    )
    first, *others = [load(tmp_path, form) for form in forms]
    assert all(other == first for other in others)
    assert [item.kind for item in first] == ["Pod", "Service", "ClusterFacts"]


def test_a_typed_list_gives_its_kind_to_its_items(tmp_path):
    bare = {key: value for key, value in POD.items() if key not in ("kind", "apiVersion")}
    assert load(tmp_path, yaml.safe_dump({"kind": "PodList", "items": [bare]}))[0].kind == "Pod"


def test_a_pod_keeps_what_its_network_needs(tmp_path):
    item = load(tmp_path, yaml.safe_dump(POD))[0]
    assert isinstance(item.body, PodBody)
    assert (item.body.ips, item.body.ports[0].port, item.created) == (("10.1.0.1", "fd00::1"), 53, 1767323045000)
    assert (item.owner.kind, item.owner.name) == ("ReplicaSet", "rs")


def test_an_ended_pod_tells_when(tmp_path):
    assert body(tmp_path, DONE).ended == 1767323049000


def test_a_service_keeps_addresses_that_lead_to_its_pods(tmp_path):
    """Not None, not host names, not a load balancer that a connection really passes."""
    kept = body(tmp_path, SERVICE)
    assert isinstance(kept, ServiceBody)
    assert (kept.cluster_ips, kept.load_balancer_ips) == ((), ("198.51.100.1",))
    assert [port.target_port for port in kept.ports] == ["http", "81"]


def test_unquoted_times_stay_times(tmp_path):
    text = "kind: Pod\nmetadata: {name: web, creationTimestamp: 2026-01-02T03:04:05Z}"
    assert load(tmp_path, text)[0].created == 1767323045000


def test_legacy_endpoints_are_slices(tmp_path):
    subset = {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 6443}]}
    document = {
        "kind": "Endpoints",
        "metadata": {"name": "kubernetes", "namespace": "default"},
        "subsets": [subset] * 2,
    }
    slices = load(tmp_path, yaml.safe_dump(document))[:-1]
    assert [(item.kind, item.body.service) for item in slices] == [("EndpointSlice", "kubernetes")] * 2
    assert len({item.key for item in slices}) == 2


def test_ranges_come_from_nodes_and_service_cidrs(tmp_path):
    ranges = {"kind": "ServiceCIDR", "metadata": {"name": "kubernetes"}, "spec": {"cidrs": ["10.96.0.0/12"]}}
    facts = load(tmp_path, yaml.safe_dump_all([NODE, ranges]))[-1].body
    assert facts == ClusterFacts(("10.1.0.0/24",), ("10.96.0.0/12",))


def test_kinds_that_play_no_part_are_left_out(tmp_path):
    assert len(load(tmp_path, "kind: ConfigMap\nmetadata: {name: x}")) == 1


def test_ranges_also_come_from_pods_outside_of_their_nodes_range(tmp_path):
    """Calico and Cilium may take addresses from pools of their own; an unknown neighbour there is no outsider."""
    inside = {**POD, "status": {"podIPs": [{"ip": "10.1.0.9"}]}}
    outside = {
        **POD,
        "metadata": {"name": "b", "namespace": "demo"},
        "status": {"podIPs": [{"ip": "192.168.7.9"}, {"ip": "fd00::1"}]},
    }
    ranges = load(tmp_path, yaml.safe_dump_all([NODE, inside, outside]))[-1].body.pod_cidrs
    assert ranges == ("10.1.0.0/24", "192.168.7.0/24", "fd00::/64")


def test_a_json_file_is_not_read_as_yaml(tmp_path, monkeypatch):
    """What is there a hundred times as fast says the same."""
    path = tmp_path / "objects.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [POD, SERVICE, NODE]}))
    as_yaml = tmp_path / "objects.yaml"
    as_yaml.write_text(f"# the same\n{path.read_text()}")
    expected = load_objects([as_yaml], "test")
    assert {item.kind for item in expected} >= {"Pod", "Service", "Node"}
    monkeypatch.setattr(yaml, "load_all", None)
    assert load_objects([path], "test") == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"kind": "Pod", "metadata": {"name": "a"', "not YAML or JSON"),
        ('{"kind": "Pod", "metadata": {"name": "\\ud800"}}', "not YAML or JSON"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "nested deeper"),
    ],
)
def test_a_json_file_that_is_none_is_refused_as_yaml(tmp_path, text, said):
    path = tmp_path / "objects.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        load_objects([path], "test")


@pytest.mark.parametrize("nested", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000])
def test_what_is_nested_too_deep_is_refused_before_it_is_built(tmp_path, nested):
    """The C loader would end the process."""
    with pytest.raises(UsageError, match=r"objects\.yaml, document 2: nested deeper"):
        load(tmp_path, f"kind: Pod\nmetadata: {{name: x}}\n---\n{nested}")


@pytest.mark.parametrize("value", ["1" * 6000, "!!int x", "!!bool x", "!!timestamp x", "1" + ":1" * 300 + ".5"])
def test_a_value_that_cannot_be_made_is_named(tmp_path, value):
    """Python refuses long numbers; explicit tags promise what the text does not hold."""
    with pytest.raises(UsageError, match=r"objects\.yaml, document 2: "):
        load(tmp_path, f"kind: Pod\nmetadata: {{name: x}}\n---\nkind: {value}")


def test_brackets_within_text_do_not_count(tmp_path):
    """Annotations hold JSON, and halves of it."""
    metadata = {"name": "x", "annotations": {"last": json.dumps({"a": [[1]] * 600}), "half": "[{" * 600 + "- " * 600}}
    assert load(tmp_path, yaml.safe_dump({"kind": "Pod", "metadata": metadata}))[0].name == "x"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: Pod\nmetadata: {name: [x]}", "document 1: metadata.name must be a string"),
        ("kind: Pod\nmetadata: {name: x, labels: {a: 1}}", "metadata.labels.a must be a string"),
        ("a: b", "document 1: not a Kubernetes object"),
        ("kind: List\nitems: [3]", "document 1, item 0: not a Kubernetes object"),
        ("{", "not YAML or JSON"),
        ("kind: Pod\nmetadata: {name: x}\n---\nkind: Pod\nmetadata: {}", "document 2: metadata.name is missing"),
        ("kind: Pod\nmetadata: {name: x}\nspec: 7", "spec.nodeName"),
        ("kind: Node\nmetadata: {name: x}\nspec: {podCIDRs: [x]}", "spec.podCIDRs must be a list of ranges"),
        ("kind: Node\nmetadata: {name: x}\nspec: {podCIDR: x}", "spec.podCIDRs must be a list of ranges"),
    ],
)
def test_a_wrong_document_is_named(tmp_path, text, said):
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    assert said in str(caught.value)
    assert "objects.yaml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.yaml: No such file"):
        load_objects([tmp_path / "nowhere.yaml"], "test")


def test_heartbeats_are_no_objects(tmp_path):
    """Only `follow` writes them."""
    assert not any(isinstance(item.body, Heartbeat) for item in load(tmp_path, yaml.safe_dump(POD)))
