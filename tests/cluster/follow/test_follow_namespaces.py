"""`follow --namespaces`: namespaced Roles are enough, and what that costs is said."""

import pytest
from followed import apply_manifest, namespace, pod
from kube_server import KubeOptions
from programs import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.kafka]

WATCHER = "watcher"
MANIFEST = "follow-rbac-namespaced.yaml"


@pytest.fixture
def server(start_kube):
    """Three namespaces with a pod each; the watcher has the shipped roles in two of them, and runs in a fourth."""
    server = start_kube(KubeOptions(rbac=True, users={WATCHER: ()}))
    server.api().create_all(namespace(name) for name in ("a", "b", "c", "runs"))
    server.api().create_all(pod(f"in-{name}", name) for name in "abc")
    apply_manifest(server, MANIFEST, WATCHER, "runs", {"part": "instance"})
    for name in "ab":
        apply_manifest(server, MANIFEST, WATCHER, name, {"part": "watched"})
    return server


def start(run, server, namespaces, **more):
    """An instance that watches these namespaces."""
    options = ("--kubeconfig", server.kubeconfig(WATCHER), "--lease", "runs/network-policy-follow")
    return run.start("follow", *options, "--namespaces", namespaces, **more)


def test_only_these_namespaces_are_published(server, run, inventory):
    """Nothing of others, nothing of the cluster's own; nodes are not known then, and it says so."""
    follow = start(run, server, "a,b")
    wait_until(lambda: inventory.living("Pod") == ["in-a", "in-b"], 10, "the pods of two namespaces")
    assert inventory.living("Namespace") == inventory.living("Node") == []
    assert "nodes and other namespaces stay unknown" in follow.log.read_text()


def test_a_namespace_that_is_not_watched_any_more_is_forgotten(server, run, inventory):
    """Whether its pods still exist is unknown, so they are not called deleted; watched again, they are there again."""
    assert start(run, server, "a,b").stop() == 0
    again = start(run, server, "a")
    wait_until(lambda: "test/Pod/b/in-b" in inventory.poll().tombstones, 10, "a tombstone")
    assert inventory.living("Pod") == ["in-a"]
    assert again.stop() == 0
    start(run, server, "a,b")
    wait_until(lambda: inventory.living("Pod") == ["in-a", "in-b"], 10, "both again")


def test_a_namespace_without_the_role_is_an_error_that_names_the_manifest(server, run):
    """It ends: to publish a part only would be to call the rest unknown in silence."""
    refused = start(run, server, "a,c", ready=False)
    assert refused.wait(40) == 3
    assert "in c (HTTP 403: " in refused.tail()
    assert "Apply deploy/manifests/follow-rbac-namespaced.yaml" in refused.tail()


def test_the_whole_cluster_needs_the_cluster_role(server, run, inventory):
    """Without it the error names the manifest; with it, it works."""
    options = ("--kubeconfig", server.kubeconfig(WATCHER), "--lease", "runs/network-policy-follow")
    refused = run.start("follow", *options, ready=False)
    assert refused.wait(40) == 3
    assert "Apply deploy/manifests/follow-rbac.yaml" in refused.tail()
    apply_manifest(server, "follow-rbac.yaml", WATCHER, "runs", {}, kinds=("ClusterRole", "ClusterRoleBinding"))
    run.start("follow", *options)
    wait_until(lambda: inventory.living("Pod") == ["in-a", "in-b", "in-c"], 10, "all pods")


def test_a_lease_that_may_not_be_kept_is_an_error(server, run):
    """With what to do about it."""
    options = ("--kubeconfig", server.kubeconfig(WATCHER), "--lease", "c/other", "--namespaces", "a")
    refused = run.start("follow", *options, ready=False)
    assert refused.wait(40) == 3
    assert "no permission to keep the lease c/other" in refused.tail()
