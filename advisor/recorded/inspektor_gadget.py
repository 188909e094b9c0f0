"""Inspektor Gadget's events, in three of its forms, as one record.

tcptracer (2020): flat, `local_pod_*` and `remote_*`; TCP only. trace network (2022): flat, `pktType`, `remoteKind`.
trace_network (2025): the same with nested `k8s` and `dst`. Field names differ in case between releases.
"""

from typing import Any, Final

from advisor.recorded import fields
from advisor.recorded.fields import Json
from advisor.recorded.model import ImportedEvent, SeenAddress, SeenEnd, SeenPod, SeenService, Skipped
from schemas.codec import BadRecord
from schemas.records import Labels, Millis, Protocol, Role

_NOT_EVENTS: Final = ("ready", "debug", "info", "warn", "err")
_PACKETS: Final = {"OUTGOING": Role.CLIENT, "HOST": Role.SERVER, "INCOMING": Role.SERVER}
_SOCKETS: Final = {"connect": Role.CLIENT, "accept": Role.SERVER}
_NANOS: Final = 1_000_000


def is_tcptracer(obj: Json) -> bool:
    """Whether the fields are those of 2020."""
    return "local_pod_name" in obj or (str(obj.get("type")) in _SOCKETS and "remote_kind" in obj)


def is_trace_network(obj: Json) -> bool:
    """Whether the fields are those of 2022."""
    return "pktType" in obj and "dst" not in obj


def is_nested_trace_network(obj: Json) -> bool:
    """Whether the fields are those of 2025."""
    return "dst" in obj and "k8s" in obj


def is_message(obj: Json) -> bool:
    """Whether it is the tool's own message, not a connection."""
    return obj.get("type") in _NOT_EVENTS


def parse_message(obj: Json) -> Skipped:
    """The message, to be counted."""
    return Skipped(f"{obj['type']} message")


def parse_tcptracer(obj: Json) -> ImportedEvent:
    """An event of 2020; raises BadRecord."""
    local = _pod(obj, "local_pod_namespace", "local_pod_name", "local_pod_labels", "local_pod_owner")
    return ImportedEvent(local, _remote_2020(obj), _of(obj, "type", _SOCKETS), Protocol.TCP, fields.port(obj))


def _remote_2020(obj: Json) -> SeenEnd:
    match fields.text(obj, "remote_kind"):
        case "pod":
            return _pod(obj, "remote_pod_namespace", "remote_pod_name", "remote_pod_labels")
        case "svc":
            return _service(obj, "remote_svc_namespace", "remote_svc_name", "remote_svc_label_selector")
        case "other":
            return SeenAddress(fields.address(obj, "remote_other"))
        case kind:
            raise BadRecord(f"remote_kind is none of pod, svc, other: {kind!r}")


def parse_trace_network(obj: Json) -> ImportedEvent:
    """An event of 2022; raises BadRecord."""
    local = _pod(obj, "namespace", "pod", "podLabels", "podOwner")
    return _network_event(obj, local, _remote_2022(obj))


def _remote_2022(obj: Json) -> SeenEnd:
    match fields.text(obj, "remoteKind"):
        case "pod":
            return _pod(obj, "remotePodNamespace", "remotePodName", "remotePodLabels")
        case "svc":
            names = ("remoteServiceNamespace", "remoteServiceName", "remoteServiceLabelSelector")
            return _service(obj, *names, fields.address(obj, "ip") if obj.get("ip") else "")
        case "other":
            return SeenAddress(fields.address(obj, "remoteOther" if obj.get("remoteOther") else "ip"))
        case kind:
            raise BadRecord(f"remoteKind is none of pod, svc, other: {kind!r}")


def parse_nested_trace_network(obj: Json) -> ImportedEvent:
    """An event of 2025; raises BadRecord."""
    k8s, dst = _lower(fields.child(obj, "k8s")), _lower(fields.child(obj, "dst"))
    own = {**_lower(obj), **k8s}
    local = _pod(own, "namespace", "podname", "podlabels", "podowner")
    return _network_event(obj, local, _remote_2025(dst))


def _remote_2025(dst: dict[str, Any]) -> SeenEnd:
    named = {"name": dst.get("podname"), **dst}
    match fields.text(dst, "kind"):
        case "pod":
            return _pod(named, "namespace", "name", "podlabels")
        case "svc":
            return _service(named, "namespace", "name", "podlabels", fields.address(dst, "addr"))
        case "raw":
            return SeenAddress(fields.address(dst, "addr"))
        case kind:
            raise BadRecord(f"dst.kind is none of pod, svc, raw: {kind!r}")


def _network_event(obj: Json, local: SeenPod, remote: SeenEnd) -> ImportedEvent:
    role, protocol = _of(obj, "pktType", _PACKETS), fields.member(obj, "proto", Protocol)
    return ImportedEvent(local, remote, role, protocol, fields.port(obj), _time(obj))


def _time(obj: Json) -> Millis:
    """`timestamp` is a number of nanoseconds since 1970, where there is one."""
    return fields.number(obj, "timestamp", 0) // _NANOS


def _pod(obj: Json, namespace: str, name: str, labels: str, owner: str = "") -> SeenPod:
    controller = fields.text(obj, owner, "") if owner else ""
    given: Labels = fields.labels(obj, labels)
    return SeenPod(fields.namespace(obj, namespace), fields.text(obj, name), given, controller)


def _service(obj: Json, namespace: str, name: str, selector: str, address: str = "") -> SeenService:
    given: Labels = fields.labels(obj, selector)
    return SeenService(fields.namespace(obj, namespace), fields.text(obj, name), given, address)


def _of(obj: Json, name: str, roles: dict[str, Role]) -> Role:
    given = fields.text(obj, name)
    if given not in roles:
        raise BadRecord(f"{name} is none of {', '.join(roles)}: {given!r}")
    return roles[given]


def _lower(obj: Json) -> dict[str, Any]:
    return {name.lower(): value for name, value in obj.items()}
