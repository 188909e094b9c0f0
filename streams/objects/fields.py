"""Reading fields of a Kubernetes object as YAML or JSON gives it: missing is the default, a wrong type is an error."""

import ipaddress
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from schemas.records import Labels, Millis, labels_of


class BadObject(ValueError):  # noqa: N818  a value that its reader reports, not a failure of the program
    """A Kubernetes object whose field has the wrong type; the text names the field."""


def at(source: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, None if any part of it is missing."""
    value: Any = source
    for part in path.split("."):
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise BadObject(f"{path}: {part} is looked for in something that is not a mapping")
        value = value.get(part)
    return value


def text(source: Mapping[str, Any], path: str) -> str:
    """A string, empty if missing."""
    value = at(source, path)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadObject(f"{path} must be a string, not {value!r}")
    return value


def number(source: Mapping[str, Any], path: str) -> int:
    """A whole number, 0 if missing."""
    value = at(source, path)
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadObject(f"{path} must be a whole number, not {value!r}")
    return value


def mapping(source: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """A mapping, empty if missing."""
    value = at(source, path)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadObject(f"{path} must be a mapping, not {value!r}")
    return value


def items(source: Mapping[str, Any], path: str) -> tuple[Mapping[str, Any], ...]:
    """A list of mappings, empty if missing."""
    value = at(source, path)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise BadObject(f"{path} must be a list of mappings")
    return tuple(value)


def texts(source: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """A list of strings, empty if missing."""
    value = at(source, path)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadObject(f"{path} must be a list of strings")
    return tuple(value)


def ranges(path: str, found: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of a field, each of which must be a range of addresses."""
    try:
        for cidr in found:
            ipaddress.ip_network(cidr, strict=False)
    except ValueError as error:
        raise BadObject(f"{path} must be a list of ranges: {error}") from error
    return found


def labels(source: Mapping[str, Any], path: str) -> Labels:
    """A map of strings, empty if missing."""
    found = mapping(source, path)
    for key, value in found.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise BadObject(f"{path}.{key} must be a string, not {value!r}")
    return labels_of(found)


def moment(source: Mapping[str, Any], path: str) -> Millis:
    """An RFC 3339 time in milliseconds, 0 if missing."""
    value = text(source, path)
    if not value:
        return 0
    try:
        when = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadObject(f"{path} must be a time such as 2026-01-02T03:04:05Z, not {value!r}") from error
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
