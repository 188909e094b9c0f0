"""Tokens that expire and permissions that are missing, at the real API server."""

import pytest
from followed import grant, namespace, service
from kube_server import KubeOptions
from programs import wait_until
from watched import watching

from schemas.errors import UsageError
from streams.follow.answers import Denied
from streams.follow.kube import Api, credentials, own_namespace

pytestmark = pytest.mark.cluster

WATCHER = "watcher"


@pytest.fixture
def server(start_kube):
    """Users need roles here; the watcher has none yet."""
    return start_kube(KubeOptions(rbac=True, users={WATCHER: ()}))


def refused(heard):
    """Wait until a watch has given up, and say why."""
    wait_until(lambda: heard.pulse.failure, 30, "a refusal")
    return str(heard.pulse.failure)


def test_a_token_that_was_rotated_in_its_file_is_read_again(server):
    """The old one expires; the file has the new one by then."""
    server.api().create(namespace("demo"))
    grant(server, WATCHER, "demo", "services", "list", "watch")
    with watching(server, "Service", "demo", user=WATCHER) as heard:
        heard.opened()
        server.tokens[WATCHER] = "rotated"
        server.kubeconfig(WATCHER)
        server.restart()
        server.api().create(service("later", "demo"))
        wait_until(lambda: "later" in [item.name for item in heard.items], 40, "what happened after it")
    assert heard.pulse.failure is None


def test_in_a_pod_the_service_accounts_token_is_used_and_read_again(server, tmp_path, monkeypatch):
    """Kubernetes writes a new one into the same file before the old one expires."""
    grant(server, WATCHER, "default", "services", "list")
    (tmp_path / "token").write_text(server.tokens[WATCHER])
    (tmp_path / "namespace").write_text("runs\n")
    monkeypatch.setattr("streams.follow.kube.NAMESPACE_FILE", tmp_path / "namespace")
    monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_CERT_FILENAME", str(server.authority))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", server.url.rpartition(":")[2])
    api = Api(credentials("", ""))
    assert api.get("/api/v1/namespaces/default/services")["kind"] == "ServiceList"
    server.tokens[WATCHER] = "rotated"
    server.restart()
    (tmp_path / "token").write_text("rotated")
    wait_until(lambda: answers(api), 20, "an answer to the new token")
    assert own_namespace() == "runs"


def answers(api):
    """Whether the server answers; it knows no roles for a moment after its start."""
    try:
        return api.get("/api/v1/namespaces/default/services")["kind"] == "ServiceList"
    except Denied as denied:
        if denied.status == 401:
            raise
        return False


def test_a_token_that_nobody_renews_is_an_error_that_says_so(server, monkeypatch):
    """After one attempt to read it again, and the patience that a starting server needs."""
    monkeypatch.setattr("streams.follow.watch.PATIENCE_S", 1.0)
    grant(server, WATCHER, "default", "services", "list", "watch")
    with watching(server, "Service", "default", user=WATCHER) as heard:
        heard.opened()
        server.tokens[WATCHER] = "rotated"
        server.restart()
        assert "refuses our credentials, also after reading them again" in refused(heard)


def test_a_missing_permission_names_verb_resource_and_manifest(server):
    """At the first attempt: it is no use to wait."""
    with watching(server, "Pod", user=WATCHER) as heard:
        said = refused(heard)
    assert said.startswith("no permission to list pods (HTTP 403: ")
    assert said.endswith("Apply deploy/manifests/follow-rbac.yaml for our service account")


def test_a_role_that_may_list_but_not_watch_says_so(server):
    """And a namespace needs the namespaced manifest."""
    grant(server, WATCHER, "default", "services", "list")
    with watching(server, "Service", "default", user=WATCHER) as heard:
        said = refused(heard)
    assert said.startswith("no permission to watch services in default (HTTP 403: ")
    assert "deploy/manifests/follow-rbac-namespaced.yaml" in said


def test_a_permission_that_was_taken_away_ends_the_watch(server, monkeypatch):
    """A role that vanishes while a server starts comes back; one that was taken does not."""
    monkeypatch.setattr("streams.follow.watch.PATIENCE_S", 1.0)
    monkeypatch.setattr("streams.follow.watch.WATCH_S", (1, 1))
    role = grant(server, WATCHER, "default", "services", "list", "watch")
    with watching(server, "Service", "default", user=WATCHER) as heard:
        heard.opened()
        server.api().delete(role)
        assert "no permission to watch services in default" in refused(heard)


@pytest.mark.parametrize("text", ["", "}{", "a: [", "kind: Config\nclusters: 3"])
def test_a_kubeconfig_that_is_none_is_refused(tmp_path, text):
    """With what one can do instead."""
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"no way to the Kubernetes API: .* Name a kubeconfig"):
        credentials(str(path), "")()


def test_a_kubeconfig_that_is_not_there_is_refused(tmp_path):
    """The same."""
    with pytest.raises(UsageError, match="no way to the Kubernetes API"):
        credentials(str(tmp_path / "none"), "")()
