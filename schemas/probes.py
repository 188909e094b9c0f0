"""What one may ask a program about itself, and the answers: `/metrics`, `/ready` and `/live`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest

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
    """An answer over HTTP.

    Attributes:
        status: What HTTP calls it.
        body: Left out where only the head is asked for.
        content_type: Of the body.
    """

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
        return text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD")
    match urlsplit(target).path:
        case "/metrics":
            return Reply(HTTPStatus.OK, generate_latest(probes.registry), CONTENT_TYPE_PLAIN_0_0_4)
        case "/ready":
            return _json(probes.ready())
        case "/live":
            return _json(probes.live())
        case _:
            return text(HTTPStatus.NOT_FOUND, f"ask for {_PATHS}")


def _json(status: Status) -> Reply:
    body = json.dumps({"ok": status.ok, "missing": status.reasons}) + "\n"
    return Reply(HTTPStatus.OK if status.ok else HTTPStatus.SERVICE_UNAVAILABLE, body.encode(), "application/json")


def text(status: HTTPStatus, body: str) -> Reply:
    """An answer of one line."""
    return Reply(status, f"{body}\n".encode())
