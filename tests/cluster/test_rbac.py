"""The shipped roles are enough for `follow`, and nothing in them is unused: without any one permission it says which.

Every permission is taken away in a namespace of its own, from a service account of its own.
"""

import re
from collections.abc import Iterator

import pytest
from followed import namespace
from kube_server import KubeOptions, KubeServer
from programs import Programs, programs, wait_until
from roles import ACCOUNT, Permission, installed, permissions

from advisor.processes import Child

pytestmark = [pytest.mark.cluster, pytest.mark.kafka]
NAMES = {"follow-rbac.yaml": "everywhere", "follow-rbac-namespaced.yaml": "within"}
CASES = [(manifest, one) for manifest in NAMES for one in permissions(manifest)]
PLACES = {case: f"{NAMES[case[0]]}-{number}" for number, case in enumerate(CASES)}
AT_ONCE = 6
ENDS_S = 60


@pytest.fixture(scope="module")
def server(kube_binaries, tmp_path_factory):
    options = KubeOptions(rbac=True)
    with KubeServer.start(kube_binaries, tmp_path_factory.mktemp("rbac"), options) as started:
        yield started


@pytest.fixture(scope="module")
def said(server, fresh_topics, tmp_path_factory):
    """How `follow` ended without each permission: its exit code and its last words."""
    for (manifest, permission), place in PLACES.items():
        install(server, manifest, place, permission)
    wait_until(lambda: all(known(server, place) for place in PLACES.values()), 20, "all roles known")
    topics, found = [fresh_topics() for _ in range(AT_ONCE)], {}
    for cases in slices(CASES, AT_ONCE):
        running = {}
        for case, kafka in zip(cases, topics, strict=False):
            logs = tmp_path_factory.mktemp(PLACES[case])
            running[case] = follow(Programs(kafka, logs), server, case[0], PLACES[case], "--once")
        found |= {case: (child.wait(ENDS_S), child.tail(2)) for case, child in running.items()}
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{NAMES[case[0]]}: {case[1]}")
def test_without_a_permission_it_says_which(said, case):
    """It ends with code 3, and names the verb, the resource and the manifest to apply."""
    manifest, permission = case
    code, words = said[case]
    assert code == 3, words
    assert re.search(rf'cannot {permission.verb} resource "{permission.resource}"', words)
    assert f"deploy/manifests/{manifest}" in words


@pytest.mark.parametrize("manifest", NAMES, ids=NAMES.values())
def test_the_shipped_roles_are_enough(server, kafka, tmp_path, manifest):
    """It publishes, renews its Lease and gives it back, and the server refuses it nothing."""
    place = f"enough-{NAMES[manifest]}"
    install(server, manifest, place)
    wait_until(lambda: known(server, place), 20, "the roles known")
    with programs(kafka, tmp_path) as run:
        child = follow(run, server, manifest, place)
        child.wait_for("follow ready", ENDS_S)
        first = lease(server, place)
        wait_until(lambda: lease(server, place)["renewTime"] != first["renewTime"], 20, "a renewed Lease")
        assert child.stop() == 0
    assert not lease(server, place).get("holderIdentity")
    assert "cannot" not in child.log.read_text()


def install(server: KubeServer, manifest: str, place: str, without: Permission | None = None) -> None:
    """The roles, and in the same namespace what makes each needed: a bare ReplicaSet, a free Lease to take."""
    api = server.api()
    api.create(namespace(place))
    api.create_all(installed(manifest, place, without))
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "x"}}, "template": template}
    meta = {"name": "bare", "namespace": place}
    api.create({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": spec})
    if without is not None and without.resource == "leases" and without.verb != "create":
        meta, spec = {"name": ACCOUNT, "namespace": place}, {"holderIdentity": "", "leaseDurationSeconds": 15}
        api.create({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta, "spec": spec})


def follow(run: Programs, server: KubeServer, manifest: str, place: str, *options: object) -> Child:
    """Start it as the service account of this namespace."""
    where = ["--kubeconfig", server.account(place, ACCOUNT), "--lease", f"{place}/{ACCOUNT}"]
    within = ["--namespaces", place] if "namespaced" in manifest else []
    return run.start("follow", *where, *within, *options, ready=False)


def known(server: KubeServer, place: str) -> bool:
    """Whether the server has noticed what was installed there: its caches follow with a delay."""
    leases = {"group": "coordination.k8s.io", "resource": "leases", "name": ACCOUNT}
    asked = [{**leases, "verb": verb} for verb in ("get", "update")]
    asked += [{"resource": "pods", "verb": verb} for verb in ("list", "watch")]
    return sum(_allowed(server, place, one) for one in asked) >= 3  # one of them may be what was taken away


def lease(server: KubeServer, place: str) -> dict:
    """The spec of the Lease."""
    return server.api().call("GET", f"/apis/coordination.k8s.io/v1/namespaces/{place}/leases/{ACCOUNT}")["spec"]


def slices(items: list, size: int) -> Iterator[list]:
    """So many at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _allowed(server: KubeServer, place: str, what: dict) -> bool:
    spec = {"user": f"system:serviceaccount:{place}:{ACCOUNT}", "resourceAttributes": {"namespace": place, **what}}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    answer = server.api().call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body)
    return bool(answer["status"]["allowed"])
