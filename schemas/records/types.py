"""The few types that records share."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, TypeAlias


@dataclass(frozen=True, slots=True)
class AvroType:
    """Marks a field's type with what Avro calls it, where Python's own type does not say."""

    logical: str = ""
    is_map: bool = False


Millis: TypeAlias = Annotated[int, AvroType(logical="timestamp-millis")]
"""Milliseconds of UTC since 1970-01-01."""

Labels: TypeAlias = Annotated[tuple[tuple[str, str], ...], AvroType(is_map=True)]
"""Label keys and values, sorted by key: an Avro map that can be hashed and has one order."""

Counts: TypeAlias = Annotated[tuple[tuple[str, int], ...], AvroType(is_map=True)]
"""Counters by name, sorted by name."""


def now_ms() -> Millis:
    """The time of day."""
    return time.time_ns() // 1_000_000


def labels_of(mapping: Mapping[str, str]) -> Labels:
    """The mapping in the one order that records use."""
    return tuple(sorted(mapping.items()))


def counts_of(mapping: Mapping[str, int]) -> Counts:
    """The counters that are not zero, in the one order that records use."""
    return tuple(sorted((name, count) for name, count in mapping.items() if count))


class Role(Enum):
    """What the local end of a connection did; never guessed from port numbers."""

    CLIENT = "CLIENT"
    SERVER = "SERVER"
    UNKNOWN = "UNKNOWN"


class Basis(Enum):
    """Why a role is believed."""

    CONNECT = "CONNECT"
    ACCEPT = "ACCEPT"
    LISTENER = "LISTENER"
    FIRST_SENDER = "FIRST_SENDER"
    SNAPSHOT = "SNAPSHOT"
    IMPORT = "IMPORT"


class Protocol(Enum):
    """The protocols that a NetworkPolicy can name."""

    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"
