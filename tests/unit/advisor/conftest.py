"""Lines of recordings, as texts and as records."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from advisor.recorded.lines import read_lines
from advisor.recorded.model import BadLine
from advisor.recorded.recording import Recording


@pytest.fixture
def enriched_object() -> dict[str, Any]:
    """A line as the design shows it."""
    return {
        "workload": {"namespace": "demo", "kind": "Deployment", "name": "cart", "selector": {"app": "cart"}},
        "role": "server",
        "peer": {
            "kind": "workload", "namespace": "demo", "owner_kind": "Deployment", "name": "web",
            "selector": {"app": "web"},
        },
        "protocol": "TCP",
        "port": 7070,
        "count": 12,
        "first_seen": "2026-01-02T03:04:05.678Z",
        "last_seen": "2026-01-02T03:04:06.000Z",
    }  # fmt: skip


@pytest.fixture
def raw_object() -> dict[str, Any]:
    """A line of addresses, as a node saw them."""
    return {
        "node": "n1", "role": "client", "protocol": "TCP", "local_address": "10.1.0.5",
        "remote_address": "10.96.0.10", "port": 80, "established": True, "count": 3,
        "first_seen": "2026-01-02T03:04:05.678Z", "last_seen": "2026-01-02T03:04:05.678Z",
    }  # fmt: skip


Take = Callable[..., tuple[Recording, list[BadLine]]]


@pytest.fixture
def take() -> Take:
    """Reads objects, one a line, or bytes as they are."""

    def read(*given: Any) -> tuple[Recording, list[BadLine]]:
        lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in given]
        recording, bad = Recording(), []
        recording.take(read_lines(io.BytesIO(b"\n".join(lines))), bad.append)
        return recording, bad

    return read
