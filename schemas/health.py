"""What a program says of itself over HTTP: `/metrics` to Prometheus, `/ready` and `/live` to its supervisor."""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest

from schemas.listening import Address, listening

LOG: Final = logging.getLogger(__name__)
PATIENCE_S: Final = 5.0
"""Seconds that one client gets in all, from its first byte to the last of its answer."""
CLIENTS: Final = 100
"""Clients at a time; a further one is turned away at once, which costs neither a thread nor memory."""

_HEAD_BYTES: Final = 8192
_PATHS: Final = "/metrics, /ready or /live"


@dataclass(frozen=True, slots=True)
class Status:
    """An answer to a probe.

    Attributes:
        ok: Whether it is so.
        reasons: If not, what is missing, one sentence each.
    """

    ok: bool
    reasons: tuple[str, ...] = ()

    @classmethod
    def lacking(cls, *reasons: str) -> "Status":
        """The status with these reasons against it; an empty one is none."""
        kept = tuple(reason for reason in reasons if reason)
        return cls(not kept, kept)


@dataclass(frozen=True, slots=True)
class Probes:
    """What there is to ask; all of it is called from the server's thread.

    Attributes:
        registry: The metrics.
        ready: Whether the program does its work for others.
        live: Whether it makes progress; a supervisor restarts it if not.
    """

    registry: CollectorRegistry
    ready: Callable[[], Status]
    live: Callable[[], Status]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP."""

    status: HTTPStatus
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


def reply(probes: Probes, method: str, target: str) -> Reply:
    """The answer to one request.

    Args:
        probes: What is asked.
        method: GET or HEAD; nothing else is allowed.
        target: The path; a query is left aside.
    """
    if method not in {"GET", "HEAD"}:
        return _text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD")
    match urlsplit(target).path:
        case "/metrics":
            return Reply(HTTPStatus.OK, generate_latest(probes.registry), CONTENT_TYPE_PLAIN_0_0_4)
        case "/ready":
            return _json(probes.ready())
        case "/live":
            return _json(probes.live())
        case _:
            return _text(HTTPStatus.NOT_FOUND, f"ask for {_PATHS}")


def _json(status: Status) -> Reply:
    body = json.dumps({"ok": status.ok, "missing": status.reasons}) + "\n"
    return Reply(HTTPStatus.OK if status.ok else HTTPStatus.SERVICE_UNAVAILABLE, body.encode(), "application/json")


def _text(status: HTTPStatus, body: str) -> Reply:
    return Reply(status, f"{body}\n".encode())


@contextmanager
def serving(address: Address | None, probes: Probes) -> Iterator[Address | None]:
    """Answer in a thread of its own for the time of the block; without an address nothing is opened.

    Yields:
        Where it really listens: port 0 stands for any that is free.

    Raises:
        UsageError: The address cannot be listened at; the text says why and what to do.
    """
    if address is None:
        yield None
        return
    stop: Future[None] = Future()
    with listening(address) as listener:
        serve = _serve(_Clients(probes), listener, stop)
        thread = threading.Thread(target=asyncio.run, args=(serve,), name="health", daemon=True)
        thread.start()
        try:
            yield Address(address.host, listener.getsockname()[1])
        finally:
            stop.set_result(None)
            thread.join(PATIENCE_S)


async def _serve(clients: "_Clients", listener: socket.socket, stop: Future[None]) -> None:
    async with await asyncio.start_server(clients, sock=listener, limit=_HEAD_BYTES):
        await asyncio.wrap_future(stop)


class _Clients:
    """Answers each client within its time, however slow it is; they cannot hold up each other."""

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        self._open = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= CLIENTS:
                async with asyncio.timeout(PATIENCE_S):
                    await self._answer(reader, writer)
        except (TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            LOG.debug("a client of the health server went away or was too slow: %r", error)
        finally:
            self._open -= 1
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            head = b""
        method, target = _request(head)
        writer.write(_bytes_of(self._reply(method, target), with_body=method != "HEAD"))
        writer.close()
        await writer.wait_closed()

    def _reply(self, method: str, target: str) -> Reply:
        if not target:
            return _text(HTTPStatus.BAD_REQUEST, f"no HTTP request of at most {_HEAD_BYTES} bytes")
        try:
            return reply(self._probes, method, target)
        except Exception:  # a mistake in a metric must not look like a program that hangs
            LOG.exception("%s %s", method, target)
            return _text(HTTPStatus.INTERNAL_SERVER_ERROR, "the program's log says what went wrong")


def _request(head: bytes) -> tuple[str, str]:
    parts = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    return (parts[0], parts[1]) if len(parts) == 3 and parts[2].startswith("HTTP/1.") else ("", "")  # noqa: PLR2004  RFC 9112, 3


def _bytes_of(answer: Reply, *, with_body: bool) -> bytes:
    head = (
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n"
        f"Content-Type: {answer.content_type}\r\n"
        f"Content-Length: {len(answer.body)}\r\n"
        "Allow: GET, HEAD\r\n"
        "Cache-Control: no-store\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + (answer.body if with_body else b"")
