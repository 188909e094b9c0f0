"""One watch against the real API server: every change is told once, in order, whatever happens on the way."""

import pytest
from followed import namespace, pod, running, service
from programs import wait_until
from watched import watching

from streams.follow.kinds import Kind

pytestmark = pytest.mark.cluster


def test_a_list_is_read_page_by_page(kube_server, monkeypatch):
    """More objects than a page holds are one list."""
    monkeypatch.setattr("streams.follow.watch.PAGE", 2)
    api = kube_server.api()
    api.create(namespace("pages"))
    api.create_all(service(f"s{number}", "pages") for number in range(5))
    with watching(kube_server, "Service", "pages") as heard:
        wait_until(lambda: heard.lists, 10, "a list")
        assert sorted(heard.lists[0]) == [f"s{number}" for number in range(5)]


def test_what_happens_after_the_list_is_told_in_order(kube_server):
    """An object is made, changed and deleted."""
    api = kube_server.api()
    api.create(namespace("order"))
    with watching(kube_server, "Pod", "order") as heard:
        heard.opened()
        api.create(pod("web", "order"))
        api.merge(pod("web", "order"), running("10.1.0.5"), "/status")
        api.delete(pod("web", "order"))
        wait_until(lambda: heard.changes[-1:] and heard.changes[-1][0] == "Removed", 10, "the end")
    told = [(kind, slim.item.body.ips) for kind, slim in heard.changes]
    assert list(dict.fromkeys(told)) == [("Changed", ()), ("Changed", ("10.1.0.5",)), ("Removed", ("10.1.0.5",))]


def test_a_replica_set_comes_as_metadata_and_a_bare_one_with_its_selector(kube_server):
    """Of thousands of old ReplicaSets only their owner matters; one that nobody owns is a workload itself."""
    api = kube_server.api()
    api.create(namespace("sets"))
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u", "controller": True}
    api.create_all([_replica_set("bare", {}), _replica_set("web-1", {"ownerReferences": [owner]})])
    with watching(kube_server, "ReplicaSet", "sets") as heard:
        wait_until(lambda: heard.lists, 10, "a list")
        api.create(_replica_set("later", {}))
        wait_until(lambda: heard.changes, 10, "an event")
    selectors = {item.name: (item.kind, item.body.selector) for item in heard.items}
    assert selectors["bare"] == selectors["later"] == ("ReplicaSet", (("app", "x"),))
    assert selectors["web-1"] == ("ReplicaSet", ())
    assert [item.owner.name for item in heard.items if item.name == "web-1"] == ["web"]


def test_a_server_without_a_kind_is_left_alone(kube_server):
    """An older server has no ServiceCIDR: there is nothing to wait for."""
    kind = Kind("ServiceCIDR", "networking.k8s.io", "nothings", namespaced=False, optional=True)
    with watching(kube_server, kind) as heard:
        wait_until(lambda: heard.pulse.absent, 10, "the answer that there is none")
    assert heard.pulse.listed
    assert heard.pulse.failure is None


def _replica_set(name, more):
    template = {"metadata": {"labels": {"app": "x", "v": "1"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "x"}}, "template": template}
    meta = {"name": name, "namespace": "sets", **more}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec}
