"""The way to the API server: credentials, requests and streams of the official client, as plain JSON.

The client enters our programs here and nowhere else.
"""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import kubernetes
import urllib3

from schemas.errors import UsageError, one_line
from streams.follow.answers import Answer, Away, Conflict, Denied, Gone, Missing
from streams.follow.kinds import JSON

Json: TypeAlias = Mapping[str, Any]
Configuration: TypeAlias = kubernetes.client.Configuration
Query: TypeAlias = Iterable[tuple[str, str]]

LOG: Final = logging.getLogger(__name__)
CONNECT_S: Final = 10.0
ANSWER_S: Final = 60.0
"""The longest silence within an answer; a page of a large list takes seconds."""
_POOL: Final = 256
"""Connections kept: one for each watch and one for requests; more would be closed after each use."""
_KEEP_ALIVE: Final = {"idle": 10, "interval": 5, "count": 3}
"""Seconds: a peer that vanished is noticed after 25 s, though a quiet watch has nothing to say."""
_USER_TIMEOUT_MS: Final = 20_000
NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def credentials(kubeconfig: str, context: str) -> Callable[[], Configuration]:
    """How to read the credentials, now and again whenever they may have changed.

    In a cluster they are the service account's, unless a file or a context is named; elsewhere those of kubectl.
    Reading raises UsageError if there are none.
    """

    def load() -> Configuration:
        configuration, config = kubernetes.client.Configuration(), kubernetes.config
        path = kubeconfig or config.KUBE_CONFIG_DEFAULT_LOCATION
        in_pod = NAMESPACE_FILE.exists() and not (kubeconfig or context)
        where = "the pod's service account" if in_pod else f"kubeconfig {path}"
        try:
            if not in_pod:
                config.load_kube_config(kubeconfig or None, context or None, configuration, persist_config=False)  # type: ignore[no-untyped-call]  # the library's
            else:
                config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]  # the library's
        except Exception as error:  # ConfigException, OSError, PyYAML's errors and what a wrong field leads to
            said = one_line(error).rstrip(".")
            raise UsageError(
                f"no way to the Kubernetes API: {where}: {said}. Name a kubeconfig (--kubeconfig FILE, KUBECONFIG) "
                "and a context in it (--context), run in a pod with a service account, or give files (--objects FILE)"
            ) from error
        return configuration

    return load


def own_namespace() -> str:
    """The namespace of the pod that this runs in, `default` outside of a cluster."""
    return NAMESPACE_FILE.read_text().strip() if NAMESPACE_FILE.exists() else "default"


class Api:
    """Requests to one API server; every method may be called from any thread.

    Args:
        load: Reads the credentials.

    Raises:
        UsageError: There are none.
    """

    def __init__(self, load: Callable[[], Configuration]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._client = _client(load())

    @property
    def server(self) -> str:
        """The server's address."""
        return str(self._client.configuration.host)

    def get(self, path: str, query: Query = (), accept: str = JSON, silence_s: float = ANSWER_S) -> Json:
        """One answer, whole; raises an Answer if it is another than asked for."""
        return self._whole(_Request("GET", path, query, accept, None, silence_s))

    def post(self, path: str, body: Json, silence_s: float = ANSWER_S) -> Json:
        """Create; raises an Answer like `get`."""
        return self._whole(_Request("POST", path, (), JSON, body, silence_s))

    def put(self, path: str, body: Json, silence_s: float = ANSWER_S) -> Json:
        """Replace; raises an Answer like `get`."""
        return self._whole(_Request("PUT", path, (), JSON, body, silence_s))

    @contextmanager
    def stream(self, path: str, query: Query, accept: str, silence_s: float) -> Iterator["Stream"]:
        """The events of a watch, as they come.

        Args:
            path: Of the collection.
            query: watch, resourceVersion and the like.
            accept: The media type.
            silence_s: A connection that is silent for longer is taken for dead.

        Raises:
            Answer: In the block, for what the server refuses, and for a connection that breaks.
        """
        with self._answer(_Request("GET", path, query, accept, None, silence_s)) as response:
            yield Stream(response)

    def _whole(self, request: "_Request") -> Json:
        with self._answer(request) as response, _network():
            return _parsed(response.data)

    @contextmanager
    def _answer(self, request: "_Request") -> Iterator[urllib3.HTTPResponse]:
        client = self._client
        response = _sent(client, request)
        if response.status == 401:  # noqa: PLR2004  Unauthorized: a token may have been rotated in its file
            response.close()
            response = _sent(self._reloaded(client), request)
        try:
            if response.status >= 400:  # noqa: PLR2004  RFC 9110, 15.5
                with _network():
                    raise _refusal(response.status, response.data, response.headers.get("Retry-After", ""))
            yield response
        finally:
            response.close()

    def _reloaded(self, before: kubernetes.client.ApiClient) -> kubernetes.client.ApiClient:
        """A client with the credentials read again; what cannot be read leaves those there are."""
        with self._lock:
            if self._client is before:  # else another thread was faster
                try:
                    self._client = _client(self._load())
                except UsageError as error:
                    LOG.warning("%s", error)
            return self._client


@dataclass(frozen=True, slots=True)
class _Request:
    """One HTTP request; `silence_s` bounds each wait for more of the answer."""

    method: str
    path: str
    query: Query
    accept: str
    body: Json | None
    silence_s: float


def _sent(client: kubernetes.client.ApiClient, request: _Request) -> urllib3.HTTPResponse:
    headers = {"Accept": request.accept, "User-Agent": "network-policy-follow"}
    with _network():
        made = client.param_serialize(
            request.method,
            request.path,
            query_params=list(request.query),
            header_params=headers,
            body=request.body,
            auth_settings=["BearerToken"],
        )
        answer = client.call_api(*made[:4], _request_timeout=(CONNECT_S, request.silence_s)).response
    if not isinstance(answer, urllib3.HTTPResponse):
        raise TypeError(f"the Kubernetes client answers with a {type(answer).__name__}")
    return answer


def _client(configuration: Configuration) -> kubernetes.client.ApiClient:
    configuration.retries = False  # how often and when is the watch's to decide
    configuration.connection_pool_maxsize = _POOL
    configuration.socket_options = [
        *kubernetes.utils.keepalive.tcp_keepalive_socket_options(**_KEEP_ALIVE),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS),
    ]
    return kubernetes.client.ApiClient(configuration)


class Stream:
    """The events of one watch as they come; iterating raises Away if the connection breaks."""

    def __init__(self, response: urllib3.HTTPResponse) -> None:
        self._response = response

    def __iter__(self) -> Iterator[Json]:
        """Each event as JSON."""
        with _network():
            for line in self._response:
                if line.strip():
                    yield _parsed(line)

    def stop(self) -> None:
        """From another thread: nothing more is read."""
        with _network(), suppress(ValueError, RuntimeError):  # it is at its end already
            self._response.shutdown()


def _parsed(text: bytes) -> Json:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Away(f"no JSON: {one_line(error)}", "broken") from error
    if not isinstance(value, dict):
        raise Away("JSON, but no object", "broken")
    return value


@contextmanager
def _network() -> Iterator[None]:
    """What a connection can come to, as Away."""
    try:
        yield
    except (urllib3.exceptions.TimeoutError, TimeoutError) as error:
        raise Away(one_line(error), "timeout") from error
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.NameResolutionError) as error:
        raise Away(one_line(error), "unreachable") from error
    except (urllib3.exceptions.HTTPError, kubernetes.client.ApiException, OSError) as error:
        raise Away(one_line(error), "broken") from error


def _refusal(status: int, body: bytes, after: str) -> Answer:
    text = _message(status, body)
    match status:
        case 401 | 403:
            return Denied(text, status)
        case 404:
            return Missing(text)
        case 409:
            return Conflict(text)
        case 410:
            return Gone(text)
        case _:
            reason = "busy" if status == 429 else "server_error"  # noqa: PLR2004  Too Many Requests
            return Away(text, reason, float(after) if after.isdigit() else 0.0)


def _message(status: int, body: bytes) -> str:
    """What a Status object says, or the beginning of whatever it is."""
    try:
        said = json.loads(body)
    except ValueError:
        said = body.decode(errors="replace")
    message = said.get("message", "") if isinstance(said, dict) else str(said)
    return f"HTTP {status}: {one_line(message)[:300]}"
