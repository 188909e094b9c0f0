"""The enriched form, our own: one edge of a workload a line. Here it is read; `enriched_text` writes it."""

from typing import Any, Final

from advisor.recorded import fields
from advisor.recorded.fields import Json
from advisor.recorded.model import EnrichedLine
from schemas.codec import BadRecord
from schemas.records import (
    ApiServerPeer,
    Basis,
    Edge,
    ExternalPeer,
    NodePeer,
    Peer,
    Protocol,
    Role,
    ServiceRef,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
)

KINDS: Final = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet", "Pod")
ENDS: Final = ("client", "server", "unknown")


def parse_enriched(obj: Json) -> EnrichedLine:
    """The line's edge; raises BadRecord with the first field that is missing or wrong."""
    first, last = fields.millis(obj, "first_seen"), fields.millis(obj, "last_seen")
    if last < first:
        raise BadRecord("last_seen is before first_seen")
    role = fields.member(obj, "role", Role)
    count = fields.number(obj, "count")
    established = fields.flag(obj, "established", default=True)
    seen_by = _ends(obj, role) if established else ()
    client, server, unknown = (count if end in seen_by else 0 for end in ENDS)
    still_open = tuple(end for end in Role if not count and end.value.lower() in seen_by)
    edge = Edge(
        role, _peer(fields.child(obj, "peer")), fields.member(obj, "protocol", Protocol), fields.port(obj),
        client, server, unknown, 0 if established else count, first, last, _bases(obj), _services(obj),
        still_open=still_open,
    )  # fmt: skip
    return EnrichedLine(_workload(fields.child(obj, "workload"), "kind"), edge)


def _ends(obj: Json, role: Role) -> tuple[str, ...]:
    given = _items(obj, "seen_by") or [role.value.lower()]
    if not all(end in ENDS for end in given):
        raise BadRecord(f"seen_by is none of {', '.join(ENDS)}: {given}")
    return tuple(given)


def _bases(obj: Json) -> tuple[Basis, ...]:
    given = (fields.member({"bases": each}, "bases", Basis) for each in _items(obj, "bases"))
    return tuple(sorted(set(given), key=lambda basis: basis.value))


def _services(obj: Json) -> tuple[ServiceRef, ...]:
    given = [fields.child({"services": each}, "services") for each in _items(obj, "services")]
    refs = (ServiceRef(fields.namespace(each), fields.kube_name(each, "name"), fields.port(each)) for each in given)
    return tuple(sorted(set(refs)))


def _items(obj: Json, name: str) -> list[Any]:
    given = obj.get(name, [])
    if not isinstance(given, list):
        raise BadRecord(f"{name} is not a list")
    return given


def _workload(obj: Json, kind_field: str) -> Workload:
    kind = fields.text(obj, kind_field)
    if kind not in KINDS:
        raise BadRecord(f"{kind_field} is none of {', '.join(KINDS)}: {kind!r}")
    return Workload(
        fields.namespace(obj),
        kind,
        fields.kube_name(obj, "name"),
        fields.labels(obj, "selector"),
        fields.flag(obj, "host_network", default=False),
    )


def _peer(obj: Json) -> Peer:
    kind = fields.text(obj, "kind")
    match kind:
        case "workload":
            return WorkloadPeer(_workload(obj, "owner_kind"))
        case "external":
            return ExternalPeer(fields.address(obj, "address"))
        case "node":
            own = fields.flag(obj, "own", default=False)
            return NodePeer(fields.address(obj, "address"), fields.text(obj, "node", ""), own)
        case "apiserver":
            return ApiServerPeer(fields.address(obj, "address"))
        case "unresolved":
            return UnresolvedPeer(fields.address(obj, "address"), fields.text(obj, "reason", ""))
        case _:
            raise BadRecord(f"peer kind is none of workload, external, node, apiserver, unresolved: {kind!r}")
