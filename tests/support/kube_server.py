"""A real Kubernetes API for tests: kube-apiserver over etcd, and on request what makes running pods of Deployments."""

import json
import shutil
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from kube_api import KubeApi
from kube_binaries import SERVERS

from advisor.processes import Child, free_ports
from schemas.errors import Unavailable

ADMIN: Final = "admin"
_START_S: Final = 60.0
_POLL_S: Final = 0.05
_STOP_S: Final = 3.0
"""The API server waits 20 s and more for those who watch; they are to be cut off."""
_CONTROLLERS: Final = (
    *("deployment", "replicaset", "statefulset", "job", "cronjob"),
    *("endpointslice", "garbage-collector", "namespace"),
)


@dataclass(frozen=True, slots=True)
class KubeOptions:
    """What may differ between servers.

    Attributes:
        rbac: Whether users need roles; without, all may do everything.
        users: Users beside `admin`, with their groups; a user's token is `<name>-token`.
        service_cidrs: Ranges of Service addresses, two for a dual stack.
        simulate: Whether Deployments become running pods (see `KubeServer.add_node`).
    """

    rbac: bool = False
    users: Mapping[str, tuple[str, ...]] | None = None
    service_cidrs: tuple[str, ...] = ("10.96.0.0/16",)
    simulate: bool = False


class KubeServer:
    """One running API; its parts end with the owner, in whatever way that ends."""

    def __init__(self, binaries: Path, directory: Path, options: KubeOptions) -> None:
        self._binaries = binaries
        self._directory = directory
        self._options = options
        self._etcd_port, self._peer_port, self._port = free_ports(3)
        self._parts: dict[str, Child] = {}
        self.tokens = {user: f"{user}-token" for user in (ADMIN, *(options.users or {}))}
        """The tokens by user. Change one and `restart`: the old one has then expired."""

    @classmethod
    @contextmanager
    def start(cls, binaries: Path, directory: Path, options: KubeOptions | None = None) -> Iterator["KubeServer"]:
        """A server on free ports of 127.0.0.1 with its state in an empty folder; Unavailable if it won't start."""
        server = cls(binaries, directory, options or KubeOptions())
        try:
            server._prepare()
            server._run("etcd", *server._etcd_flags())
            server.restart()
            if server._options.simulate:
                server._simulate()
            yield server
        finally:
            server.stop()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def authority(self) -> Path:
        """The certificate to trust."""
        return self._directory / "certs" / "apiserver.crt"

    def api(self, user: str = ADMIN) -> KubeApi:
        """The API as a user sees it."""
        return KubeApi(self.url, self.tokens[user], self.authority)

    def kubeconfig(self, user: str = ADMIN) -> Path:
        """A file that tells clients where the server is and who they are, with the user's present token."""
        return self._write_kubeconfig(user, self.tokens[user])

    def account(self, namespace: str, name: str) -> Path:
        """The same for a service account, with a token of an hour as a pod would get."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        answer = self.api().call("POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"})
        return self._write_kubeconfig(f"{namespace}-{name}", answer["status"]["token"])

    def restart(self, *, crash: bool = False) -> None:
        """End the API server if it runs, by SIGKILL for a crash, and start it on the same port with the same data."""
        self.stop_api(crash=crash)
        self._write_tokens()
        api_server = self._run("kube-apiserver", *self._api_flags())
        deadline = time.monotonic() + _START_S
        while not (self.authority.is_file() and self.api().ready()):
            if api_server.exit_code is not None or time.monotonic() > deadline:
                raise Unavailable(f"the API server did not start:\n{api_server.tail(20)}")
            time.sleep(_POLL_S)

    def stop_api(self, *, crash: bool = False) -> None:
        """End the API server alone; the data stay in etcd."""
        child = self._parts.pop("kube-apiserver", None)
        if child is not None:
            child.kill() if crash else child.stop(_STOP_S)

    def compact(self) -> None:
        """Forget the past, as etcd does every five minutes: an older resourceVersion is answered with 410 afterwards.

        The API server remembers recent events by itself: `restart` it to make it forget those too.
        """
        revision = self._etcd("kv/range", {"key": "AA=="})["header"]["revision"]
        self._etcd("kv/compaction", {"revision": revision, "physical": True})

    def add_node(self, name: str, address: str, *pod_cidrs: str) -> None:
        """A node whose pods get addresses of these ranges; kwok plays its kubelet if the server simulates."""
        spec = {"podCIDR": pod_cidrs[0], "podCIDRs": list(pod_cidrs)} if pod_cidrs else {}
        status = {"addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}]}
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec, "status": status}
        self.api().create(node)

    def stop(self) -> None:
        """End all parts at once and remove what they stored; the logs stay."""
        while self._parts:
            self._parts.popitem()[1].kill()
        shutil.rmtree(self._directory / "etcd", ignore_errors=True)

    def _prepare(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self._directory / "accounts.key").write_bytes(pem)

    def _write_tokens(self) -> None:
        groups = {ADMIN: ("system:masters",), **(self._options.users or {})}
        rows = [f'{token},{user},{user},"{",".join(groups[user])}"\n' for user, token in self.tokens.items()]
        (self._directory / "tokens.csv").write_text("".join(rows))

    def _run(self, name: str, *flags: str) -> Child:
        command = [str(self._binaries / name), *flags]
        self._parts[name] = Child.start(name, command, self._directory / f"{name}.log")
        return self._parts[name]

    def _simulate(self) -> None:
        config = f"--kubeconfig={self.kubeconfig()}"
        controllers = ",".join(f"{name}-controller" for name in _CONTROLLERS)
        manager = ("--leader-elect=false", "--secure-port=0", f"--controllers={controllers}")
        self._run("kube-controller-manager", config, *manager)
        kwok = ("--manage-all-nodes=true", "--cidr=10.1.0.0/24")
        self._run("kwok", config, f"--config={SERVERS / 'stages.yaml'}", *kwok)

    def _etcd_flags(self) -> Iterator[str]:
        client, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{self._peer_port}"
        yield from ("--name=test", f"--data-dir={self._directory / 'etcd'}", "--unsafe-no-fsync")
        yield from (f"--listen-client-urls={client}", f"--advertise-client-urls={client}")
        yield from (f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}")
        yield f"--initial-cluster=test={peer}"

    def _api_flags(self) -> Iterator[str]:
        key = self._directory / "accounts.key"
        yield from (f"--etcd-servers=http://127.0.0.1:{self._etcd_port}", f"--secure-port={self._port}")
        yield from ("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none")
        yield from (f"--cert-dir={self.authority.parent}", f"--token-auth-file={self._directory / 'tokens.csv'}")
        yield from (f"--authorization-mode={'RBAC' if self._options.rbac else 'AlwaysAllow'}", "--anonymous-auth=false")
        yield from (f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}")
        yield from ("--service-account-issuer=https://kubernetes.default.svc", "--allow-privileged=true")
        yield from ("--disable-admission-plugins=ServiceAccount", "--profiling=false")
        yield f"--service-cluster-ip-range={','.join(self._options.service_cidrs)}"

    def _write_kubeconfig(self, user: str, token: str) -> Path:
        path = self._directory / f"kubeconfig-{user}"
        path.write_text(json.dumps(self._kubeconfig(user, token)))  # JSON is YAML
        return path

    def _kubeconfig(self, user: str, token: str) -> dict[str, Any]:
        cluster = {"server": self.url, "certificate-authority": str(self.authority)}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user, "namespace": "default"}}],
        }

    def _etcd(self, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One call by etcd's JSON gateway."""
        url = f"http://127.0.0.1:{self._etcd_port}/v3/{call}"
        request = urllib.request.Request(url, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)
