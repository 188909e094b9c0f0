"""The enriched form, written: what `monitor` prints and `enriched` reads back."""

import json
from collections.abc import Iterator
from typing import Any, assert_never

from advisor.recorded import fields
from advisor.recorded.model import EnrichedLine
from schemas.records import ApiServerPeer, ExternalPeer, NodePeer, Peer, UnresolvedPeer, Workload, WorkloadPeer


def enriched_text(line: EnrichedLine) -> tuple[str, ...]:
    """The edge as lines of JSON without their ends: one of connections, one of attempts, if any."""
    return tuple(json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in _objects(line))


def _objects(line: EnrichedLine) -> Iterator[dict[str, Any]]:
    if line.edge.established:
        yield _object(line, line.edge.count, {"seen_by": [end.value.lower() for end in line.edge.seen_by]})
    if line.edge.attempts:
        yield _object(line, line.edge.attempts, {"established": False})


def _object(line: EnrichedLine, count: int, more: dict[str, Any]) -> dict[str, Any]:
    edge = line.edge
    services = [{"namespace": each.namespace, "name": each.name, "port": each.port} for each in edge.services]
    return {
        "workload": workload_object(line.workload, "kind"),
        "role": edge.role.value.lower(),
        "peer": peer_object(edge.peer),
        "protocol": edge.protocol.value,
        "port": edge.port,
        "count": count,
        "first_seen": fields.iso(edge.first_seen),
        "last_seen": fields.iso(edge.last_seen),
        **more,
        **({"bases": [basis.value for basis in edge.bases]} if edge.bases else {}),
        **({"services": services} if services else {}),
    }


def workload_object(workload: Workload, kind_field: str) -> dict[str, Any]:
    """The workload as plain values; its kind under that name."""
    host = {"host_network": True} if workload.host_network else {}
    named = {"namespace": workload.namespace, kind_field: workload.kind, "name": workload.name}
    return {**named, "selector": dict(workload.selector), **host}


def peer_object(peer: Peer) -> dict[str, Any]:
    """The peer as plain values."""
    match peer:
        case WorkloadPeer(workload):
            return {"kind": "workload", **workload_object(workload, "owner_kind")}
        case ExternalPeer(address):
            return {"kind": "external", "address": address}
        case NodePeer(address, node, own):
            more = {"node": node} if node else {}
            return {"kind": "node", "address": address, **more, **({"own": True} if own else {})}
        case ApiServerPeer(address):
            return {"kind": "apiserver", "address": address}
        case UnresolvedPeer(address, reason):
            return {"kind": "unresolved", "address": address, **({"reason": reason} if reason else {})}
        case _:
            assert_never(peer)
