"""The few calls that tests make to a Kubernetes API, as objects of plain JSON."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

Object = dict[str, Any]
_PLURALS: Final = {"NetworkPolicy": "networkpolicies"}
_OF_NO_NAMESPACE: Final = frozenset({"Namespace", "Node", "ClusterRole", "ClusterRoleBinding"})
_WAIT_S: Final = 10.0


class RefusedError(Exception):
    """The server's answer is an error; `code` is the HTTP status."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(f"{code}: {said}")
        self.code = code


class KubeApi:
    """One user at one server; `url` may change when the server is another."""

    def __init__(self, url: str, token: str, authority: Path) -> None:
        self.url = url
        self._token = token
        self._trust = ssl.create_default_context(cafile=str(authority))

    def call(self, method: str, path: str, body: Object | list | None = None, kind: str = "application/json") -> Any:
        """One request; the answer's JSON, or its text. Raises RefusedError or OSError."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310  our own https URL
        try:
            with urllib.request.urlopen(request, timeout=_WAIT_S, context=self._trust) as answer:  # noqa: S310
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                raise RefusedError(error.code, error.read().decode(errors="replace")) from None
        return json.loads(text) if text.startswith(("{", "[")) else text

    def create(self, item: Object, query: str = "") -> Object:
        """Create an object."""
        return self.call("POST", _folder(item) + query, item)

    def create_all(self, items: Iterable[Object]) -> None:
        """Create objects in this order."""
        for item in items:
            self.create(item)

    def get(self, item: Object) -> Object:
        """The object as it is now."""
        return self.call("GET", path_of(item))

    def merge(self, item: Object, change: Object, part: str = "") -> Object:
        """Change some fields of an object, or of a part of it (`/status`, `/scale`)."""
        return self.call("PATCH", path_of(item) + part, change, "application/merge-patch+json")

    def delete(self, item: Object) -> None:
        """Delete an object, pods at once."""
        self.call("DELETE", f"{path_of(item)}?gracePeriodSeconds=0")

    def items(self, path: str) -> list[Object]:
        """What a list holds, for example of `/api/v1/namespaces/demo/pods`."""
        return self.call("GET", path)["items"]

    def ready(self) -> bool:
        """Whether the server answers that it is."""
        try:
            return self.call("GET", "/readyz") == "ok"
        except (RefusedError, OSError):
            return False


def path_of(item: Object) -> str:
    """Where an object is found."""
    return f"{_folder(item)}/{item['metadata']['name']}"


def _folder(item: Object) -> str:
    version, kind = item["apiVersion"], item["kind"]
    root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
    plural = _PLURALS.get(kind, f"{kind.lower()}s")
    if kind in _OF_NO_NAMESPACE:
        return f"{root}/{plural}"
    return f"{root}/namespaces/{item['metadata'].get('namespace', 'default')}/{plural}"
