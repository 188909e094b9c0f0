"""The recorded trace belongs to the shop of the manifest."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from advisor.demo.cluster import GATEWAY, NODE, place
from advisor.demo.manifest import load
from advisor.demo.record import lines
from advisor.demo.trace import TRACE, began
from collector.recorded import parse_raw, read_raw
from schemas.records import Connection, ConnectionBatch, Connections


@pytest.fixture(scope="module")
def rows():
    bad = []
    found = list(read_raw(TRACE.read_text().splitlines(), bad.append))
    assert bad == []
    return found


def test_every_call_of_the_manifest_is_in_the_trace(rows):
    """Each pod's calls, by Service address and port, as the client's end saw them; record it anew if this fails."""
    seen = {
        (row.local_address, row.remote_address, row.port)
        for _, row in rows
        if row.role.value == "CLIENT" and row.established
    }
    for pod in place(load()).pods:
        for call in pod.calls:
            answered = call.port != 9999
            assert ((pod.address.packed, call.address.packed, call.port) in seen) == answered


def test_the_trace_holds_only_the_shop(rows):
    """One line per edge and interval, every local end a pod of the shop or its node."""
    known = {pod.address.packed for pod in place(load()).pods} | {GATEWAY.packed}
    assert {row.local_address for _, row in rows} == known
    assert {node for node, _ in rows} == {NODE}
    edges = Counter((row.role, row.local_address, row.remote_address, row.port) for _, row in rows)
    assert set(edges.values()) <= {1, 2, 3, 4}


def test_pods_were_there_before_their_connections(rows):
    """The objects of a replay are older than everything in the trace."""
    assert began(TRACE.read_text()) < min(row.first_seen for _, row in rows)


def test_recording_leaves_out_what_is_not_the_cluster():
    """The machine's own connections and those of the client outside never reach the file."""
    cluster = place(load())
    at = round(datetime(2026, 1, 2, tzinfo=UTC).timestamp() * 1000)

    def row(local):
        line = {
            "node": NODE,
            "role": "client",
            "protocol": "TCP",
            "local_address": local,
            "remote_address": "10.96.0.16",
        }
        return parse_raw({**line, "port": 80, "first_seen": "2026-01-02T00:00:00Z"})[1]

    made: list[Connection] = [row("10.244.0.10"), row("203.0.113.7"), row("10.0.2.15")]
    batch = ConnectionBatch("default", NODE, "b", 0, at, at + 1, Connections.of(made, at))
    assert [json.loads(line)["local_address"] for line in lines([batch], cluster)] == ["10.244.0.10"]
