"""Recorded connections in the raw form: one JSON object a line, as `monitor` writes and `report` and `--replay` read.

A bad line is a value with its number and reason, never an end.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final, TypeVar

from schemas.codec import BadRecord
from schemas.records import Basis, Connection, Millis, Protocol, Role

E = TypeVar("E", bound=Enum)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_PORTS: Final = range(1, 65536)
_LIMIT: Final = 2**63


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no connection.

    Attributes:
        number: From 1.
        reason: One sentence, with the field's name.
    """

    number: int
    reason: str


def parse_raw(obj: Mapping[str, Any]) -> tuple[str, Connection]:
    """The node and the connection of one raw object.

    `established` is true, `count` 1 and `basis` IMPORT if not given; one of the two times may be left out. A count of 0
    says that the edge was open and nothing new began on it.

    Raises:
        BadRecord: A field is missing or wrong; the text names it.
    """
    first, last = _times(obj)
    return _text(obj, "node"), Connection(
        role=_member(obj, "role", Role),
        basis=_member(obj, "basis", Basis, Basis.IMPORT),
        protocol=_member(obj, "protocol", Protocol),
        local_address=_address(obj, "local_address"),
        remote_address=_address(obj, "remote_address"),
        port=_number(obj, "port", _PORTS),
        established=_flag(obj, "established"),
        count=_number(obj, "count", range(_LIMIT), 1),
        first_seen=first,
        last_seen=last,
        netns_cookie=_number(obj, "netns_cookie", range(_LIMIT), 0),
        pod_uid=_text(obj, "pod_uid", ""),
    )


def raw_line(node: str, connection: Connection) -> dict[str, str | int | bool]:
    """The raw object of a connection; `parse_raw` gives the same connection back."""
    line: dict[str, str | int | bool] = {
        "node": node,
        "role": connection.role.value.lower(),
        "basis": connection.basis.value.lower(),
        "protocol": connection.protocol.value,
        "local_address": str(ip_address(connection.local_address)),
        "remote_address": str(ip_address(connection.remote_address)),
        "port": connection.port,
        "established": connection.established,
        "count": connection.count,
        "first_seen": time_text(connection.first_seen),
        "last_seen": time_text(connection.last_seen),
    }
    known: dict[str, str | int] = {"netns_cookie": connection.netns_cookie, "pod_uid": connection.pod_uid}
    return {**line, **{name: value for name, value in known.items() if value}}


def read_raw(lines: Iterable[str], on_bad: Callable[[BadLine], None]) -> Iterator[tuple[str, Connection]]:
    """The connections of the lines; bad ones go to `on_bad`, empty ones are passed over."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield parse_raw(_object(line))
        except BadRecord as error:
            on_bad(BadLine(number, str(error)))


def time_text(millis: Millis) -> str:
    """Milliseconds of UTC as ISO 8601 with a Z."""
    return (_EPOCH + millis * _MS).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _object(line: str) -> Mapping[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadRecord("not a JSON object")
    return value


def _text(obj: Mapping[str, Any], field: str, default: str | None = None) -> str:
    value = obj.get(field, default)
    if not isinstance(value, str) or (not value and default is None) or not value.isprintable():
        raise BadRecord(f"{field}: a text is expected, not {value!r}")
    return value


def _flag(obj: Mapping[str, Any], field: str) -> bool:
    value = obj.get(field, True)
    if not isinstance(value, bool):
        raise BadRecord(f"{field}: true or false is expected, not {value!r}")
    return value


def _number(obj: Mapping[str, Any], field: str, allowed: range, default: int | None = None) -> int:
    value = obj.get(field, default)
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        raise BadRecord(f"{field}: a whole number from {allowed[0]} to {allowed[-1]} is expected, not {value!r}")
    return value


def _member(obj: Mapping[str, Any], field: str, kind: type[E], default: E | None = None) -> E:
    if field not in obj and default is not None:
        return default
    try:
        return kind(_text(obj, field).upper())
    except ValueError:
        names = ", ".join(str(member.value).lower() for member in kind)
        raise BadRecord(f"{field}: one of {names} is expected, not {obj.get(field)!r}") from None


def _address(obj: Mapping[str, Any], field: str) -> bytes:
    try:
        address: IPv4Address | IPv6Address = ip_address(_text(obj, field))
    except BadRecord:
        raise
    except ValueError:
        raise BadRecord(f"{field}: an IP address is expected, not {obj[field]!r}") from None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).packed


def _times(obj: Mapping[str, Any]) -> tuple[Millis, Millis]:
    first = _time(obj, "first_seen" if "first_seen" in obj else "last_seen")
    last = _time(obj, "last_seen" if "last_seen" in obj else "first_seen")
    if first > last:
        raise BadRecord("last_seen: before first_seen")
    return first, last


def _time(obj: Mapping[str, Any], field: str) -> Millis:
    text = _text(obj, field)
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // _MS
    except (ValueError, TypeError, OverflowError):  # TypeError: a time without a zone
        raise BadRecord(f"{field}: a time such as 2026-01-02T03:04:05.678Z is expected, not {text!r}") from None
