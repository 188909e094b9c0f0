"""The thread that answers `/metrics`, `/ready` and `/live`, and never waits for a client while another one asks."""

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from schemas.listening import Address, listening
from schemas.probes import Probes, Reply, reply, text

LOG: Final = logging.getLogger(__name__)
PATIENCE_S: Final = 5.0
"""Seconds that one client gets in all, from its first byte to the last of its answer."""
CLIENTS: Final = 100
"""Clients at a time; a further one is turned away at once."""

_HEAD_BYTES: Final = 8192
_HEAD_END: Final = b"\r\n\r\n"
_PAUSE_S: Final = 1.0


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
            bound = Address(address.host, listener.getsockname()[1])
            LOG.info("/metrics, /ready and /live at http://%s", bound)
            yield bound
        finally:
            stop.set_result(None)
            thread.join(PATIENCE_S)


async def _serve(clients: "_Clients", listener: socket.socket, stop: Future[None]) -> None:
    clients.welcome(listener)
    await asyncio.wrap_future(stop)
    asyncio.get_running_loop().remove_reader(listener)


class _Clients:
    """Answers each client within its time, however slow it is; they cannot hold up each other.

    Sockets are accepted here and not by an asyncio server, which in Python 3.11 leaves one open if it ends just then.
    """

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        self._tasks: set[asyncio.Task[None]] = set()

    def welcome(self, listener: socket.socket) -> None:
        """Accept from now on; for use within the loop."""
        listener.settimeout(0)
        asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            client, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # it went away meanwhile
            return
        except OSError as error:  # no descriptor is free: ask again later instead of turning in circles
            LOG.warning("the health server cannot accept a client (%s)", error.strerror)
            loop = asyncio.get_running_loop()
            loop.remove_reader(listener)
            loop.call_later(_PAUSE_S, self.welcome, listener)
            return
        if len(self._tasks) < CLIENTS:
            self._attend(client)
        else:
            client.close()

    def _attend(self, client: socket.socket) -> None:
        client.settimeout(0)
        task = asyncio.get_running_loop().create_task(self._answer(client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _task: client.close())  # also if it is cancelled before it began

    async def _answer(self, client: socket.socket) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                method, target = _request(await _head(client))
                answer = _bytes_of(self._reply(method, target), with_body=method != "HEAD")
                await asyncio.get_running_loop().sock_sendall(client, answer)
        except (TimeoutError, OSError) as error:
            LOG.debug("a client of the health server went away or was too slow: %r", error)

    def _reply(self, method: str, target: str) -> Reply:
        if not target:
            return text(HTTPStatus.BAD_REQUEST, f"no HTTP request of at most {_HEAD_BYTES} bytes")
        try:
            return reply(self._probes, method, target)
        except Exception:  # a mistake in a metric must not look like a program that hangs
            LOG.exception("%s %s", method, target)
            return text(HTTPStatus.INTERNAL_SERVER_ERROR, "the program's log says what went wrong")


async def _head(client: socket.socket) -> bytes:
    head = b""
    while _HEAD_END not in head and len(head) < _HEAD_BYTES:
        more = await asyncio.get_running_loop().sock_recv(client, _HEAD_BYTES)
        if not more:
            raise ConnectionResetError("no whole request")
        head += more
    return head if _HEAD_END in head else b""


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
