"""Typed access to the fields of a JSON object; what is missing or wrong is a BadRecord that names the field."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, TypeVar

from schemas.codec import BadRecord
from schemas.records import Labels, Millis, labels_of

Json = Mapping[str, Any]
E = TypeVar("E", bound=Enum)

_MAX_PORT: Final = 65_535
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_KEY: Final = re.compile(r"(" + _NAME.pattern + r"/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE: Final = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


def child(obj: Json, name: str) -> Json:
    """The object in a field."""
    value = obj.get(name)
    if not isinstance(value, dict):
        raise BadRecord(f"{name} is not an object: {_shown(value)}")
    return value


def text(obj: Json, name: str, default: str | None = None) -> str:
    """The text in a field; a missing or empty one is an error unless there is a default."""
    value = obj.get(name, default)
    if not isinstance(value, str) or (value == "" and default is None):
        raise BadRecord(f"{name} is not a text: {_shown(value)}")
    return value


def flag(obj: Json, name: str, *, default: bool) -> bool:
    """The truth value in a field."""
    value = obj.get(name, default)
    if not isinstance(value, bool):
        raise BadRecord(f"{name} is neither true nor false: {_shown(value)}")
    return value


def number(obj: Json, name: str, default: int | None = None) -> int:
    """The whole number in a field, 0 or more."""
    value = obj.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadRecord(f"{name} is not a whole number: {_shown(value)}")
    return value


def port(obj: Json) -> int:
    """The port, 1 to 65535."""
    value = number(obj, "port")
    if not 0 < value <= _MAX_PORT:
        raise BadRecord(f"port {value} is not between 1 and {_MAX_PORT}")
    return value


def address(obj: Json, name: str) -> str:
    """The IP address in a field, in its canonical form; a v4-mapped one is unwrapped; none with a zone."""
    given = text(obj, name)
    try:
        parsed = ip_address(given)
    except ValueError:
        raise BadRecord(f"{name} is not an IP address: {_shown(given)}") from None
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.scope_id is not None:
        raise BadRecord(f"{name} has a zone, which means something on one node only: {_shown(given)}")
    return str(parsed.ipv4_mapped or parsed)


def member(obj: Json, name: str, of: type[E]) -> E:
    """The member of an enumeration that the field names, in any case."""
    given = text(obj, name)
    try:
        return of(given.upper())
    except ValueError:
        known = ", ".join(str(each.value) for each in of)
        raise BadRecord(f"{name} is none of {known}: {_shown(given)}") from None


def kube_name(obj: Json, name: str) -> str:
    """The name of a Kubernetes object (RFC 1123 subdomain)."""
    return _matching(text(obj, name), name, _NAME)


def namespace(obj: Json, name: str = "namespace") -> str:
    """The name of a namespace (RFC 1123 label)."""
    return _matching(text(obj, name), name, _NAMESPACE)


def labels(obj: Json, name: str) -> Labels:
    """The labels in a field, sorted; none if the field is missing or null."""
    value = obj.get(name) or {}
    if not isinstance(value, dict):
        raise BadRecord(f"{name} is not an object of labels: {_shown(value)}")
    for key, label in value.items():
        if not _LABEL_KEY.fullmatch(key) or not isinstance(label, str) or not _LABEL_VALUE.fullmatch(label):
            raise BadRecord(f"{name} holds no valid label: {_shown(key)}: {_shown(label)}")
    return labels_of(value)


def millis(obj: Json, name: str) -> Millis:
    """The time in a field: ISO 8601 text, with a zone or in UTC."""
    given = text(obj, name)
    try:
        moment = datetime.fromisoformat(given)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (zoned - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):  # OverflowError: year 1, east of Greenwich
        raise BadRecord(f"{name} is not an ISO 8601 time: {_shown(given)}") from None


def iso(moment: Millis) -> str:
    """The time as text, to the millisecond, in UTC."""
    return (_EPOCH + timedelta(milliseconds=moment)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _matching(given: str, name: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(given):
        raise BadRecord(f"{name} is not a Kubernetes name: {_shown(given)}")
    return given


def _shown(value: object) -> str:
    shown = "missing" if value is None else repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."  # noqa: PLR2004  a message stays one line
