"""The Kubernetes API of these tests behaves as a cluster's does, as far as tests rely on it."""

import subprocess
import sys
from pathlib import Path

import pytest
from followed import namespace
from kube_api import RefusedError
from kube_binaries import SERVERS
from kube_server import KubeOptions, KubeServer
from programs import wait_until

pytestmark = pytest.mark.cluster
PODS = "/api/v1/namespaces/default/pods"
OWNER = """
import sys, time
from pathlib import Path
sys.path.append({support!r})
from kube_server import KubeServer
with KubeServer.start(Path({binaries!r}), Path({directory!r})) as server:
    print(*(part.pid for part in server._parts.values()), flush=True)
    time.sleep(600)
"""


def deployment(name, version):
    labels = {"app": name}
    spec = {"nodeName": "n1", "containers": [{"name": "main", "image": version}]}
    template = {"metadata": {"labels": labels}, "spec": spec}
    body = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": body}


def pods_of(server, version):
    """The addresses of running pods of this version by the kind of their owner."""
    running = [pod for pod in server.api().items(PODS) if pod["spec"]["containers"][0]["image"] == version]
    return {
        pod["status"]["podIP"]: pod["metadata"]["ownerReferences"][0]["kind"]
        for pod in running
        if "podIP" in pod["status"]
    }


@pytest.fixture(scope="module")
def server(kube_binaries, tmp_path_factory):
    options = KubeOptions(rbac=True, simulate=True, users={"nobody": ()})
    with KubeServer.start(kube_binaries, tmp_path_factory.mktemp("kube"), options) as started:
        started.add_node("n1", "192.168.1.1", "10.1.0.0/24")
        yield started


def test_a_deployment_becomes_running_pods_and_rolls_out(server):
    """Pods have addresses of their node's range and a ReplicaSet; a new version takes their place."""
    shop = deployment("shop", "1")
    server.api().create(shop)
    wait_until(lambda: len(pods_of(server, "1")) == 2, 20, "two pods")
    assert all(ip.startswith("10.1.0.") and kind == "ReplicaSet" for ip, kind in pods_of(server, "1").items())
    server.api().merge(shop, {"spec": {"template": deployment("shop", "2")["spec"]["template"]}})
    wait_until(lambda: len(pods_of(server, "2")) == 2 and not pods_of(server, "1"), 20, "two new pods alone")


def test_a_user_without_a_role_is_refused(server):
    """With RBAC, nobody may list."""
    with pytest.raises(RefusedError, match="cannot list resource") as refused:
        server.api("nobody").items(PODS)
    assert refused.value.code == 403


def test_a_crash_keeps_the_data_and_forgets_the_past(server):
    """After it a watch from an old version is answered with 410, as `follow` must survive; objects are all there."""
    before = server.api().create(namespace("kept"))
    old = before["metadata"]["resourceVersion"]
    server.api().create(namespace("newer"))
    server.compact()
    server.restart(crash=True)
    watch = f"/api/v1/namespaces?watch=1&timeoutSeconds=1&resourceVersion={old}"
    assert server.api().call("GET", watch)["object"]["code"] == 410
    assert server.api().get(before)["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_changed_token_makes_the_old_one_expire(server):
    """The next request with it is answered with 401."""
    old = server.api("nobody")
    server.tokens["nobody"] = "another-token"
    server.restart(crash=True)
    with pytest.raises(RefusedError) as refused:
        old.items(PODS)
    assert refused.value.code == 401


def test_it_ends_when_its_owner_is_killed(kube_binaries, tmp_path):
    """SIGKILL gives the owner no chance to clean up; the kernel ends etcd and the API server."""
    support = str(SERVERS.parents[1] / "support")
    script = OWNER.format(support=support, binaries=str(kube_binaries), directory=str(tmp_path / "kube"))
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pids = owner.stdout.readline().split()
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert len(pids) == 2
    commands = [Path("/proc", pid, "cmdline") for pid in pids]
    wait_until(lambda: not any(path.exists() and path.read_bytes() for path in commands), 20, "both are gone")
