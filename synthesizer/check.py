"""Whether a window can be used: what a policy could not say, or a file could not be named after, is no window."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, assert_never

from schemas.records import (
    ApiServerPeer,
    Edge,
    ExternalPeer,
    Labels,
    NodePeer,
    Peer,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
    WorkloadWindow,
)
from synthesizer.addresses import parse_address

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME_PART: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_HIGHEST_PORT: Final = 65535


def problem_of(window: WorkloadWindow) -> str:
    """Why the window cannot be used, one sentence; empty if it can."""
    return next(_problems(window), "")


def _problems(window: WorkloadWindow) -> Iterator[str]:
    if window.end <= window.start:
        yield f"a window that ends ({window.end}) before it begins ({window.start})"
    yield from _of_workload(window.workload)
    for edge in window.edges:
        yield from _of_edge(edge)


def _of_edge(edge: Edge) -> Iterator[str]:
    if not 1 <= edge.port <= _HIGHEST_PORT:
        yield f"port {edge.port}"
    yield from _of_peer(edge.peer)


def _of_peer(peer: Peer) -> Iterable[str]:
    match peer:
        case WorkloadPeer(workload):
            return _of_workload(workload)
        case ExternalPeer(address, bits):
            return _of_address(address) or _of_bits(address, bits)
        case ApiServerPeer(address) | NodePeer(address=address):
            return _of_address(address)
        case UnresolvedPeer():
            return ()
        case _:
            assert_never(peer)


@lru_cache(maxsize=65536)
def _of_workload(workload: Workload) -> tuple[str, ...]:
    namespace = () if _LABEL.fullmatch(workload.namespace) else (f"namespace {workload.namespace!r}",)
    name = () if _SUBDOMAIN.fullmatch(workload.name) else (f"workload name {workload.name!r}",)
    kind = () if workload.kind.isalnum() else (f"workload kind {workload.kind!r}",)
    return (*namespace, *name, *kind, *_of_labels(workload.selector))


def _of_labels(labels: Labels) -> Iterator[str]:
    for key, value in labels:
        prefix, _, name = key.rpartition("/")
        if not _NAME_PART.fullmatch(name) or (prefix and not _SUBDOMAIN.fullmatch(prefix)):
            yield f"label key {key!r}"
        if value and not _NAME_PART.fullmatch(value):
            yield f"label value {value!r}"


def _of_bits(address: str, bits: int) -> tuple[str, ...]:
    most = parse_address(address).max_prefixlen
    return () if 0 <= bits <= most else (f"{bits} bits of address {address!r}",)


@lru_cache(maxsize=65536)
def _of_address(address: str) -> tuple[str, ...]:
    try:
        parse_address(address)
    except ValueError:
        return (f"address {address!r}",)
    return ()
