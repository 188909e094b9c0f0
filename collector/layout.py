"""The structures of bpf/edges.c as Python reads them; a kernel test compares the two."""

import struct
from enum import IntEnum
from typing import Final

from schemas.codec import BadRecord
from schemas.records import Basis, Connection, Protocol, Role

KEY: Final = struct.Struct("=16s16sQQHBBBBBx")
KEY_FIELDS: Final = (
    "local", "remote", "netns_cookie", "cgroup_id", "port", "family",
    "protocol", "role", "basis", "established",
)  # fmt: skip
_PAIR: Final = struct.Struct("=QQ")
VALUE: Final = struct.Struct("=QQQ")
VALUE_FIELDS: Final = ("count", "first_ns", "last_ns")


class Counter(IntEnum):
    """Positions in the map `counters`."""

    LOOPBACK = 0
    OWN_ADDRESS = 1
    OTHER_FAMILY = 2
    MULTICAST = 3
    TRANSLATED_REPLY = 4
    BEFORE_START = 5
    MAP_FULL = 6
    BAD_PACKET = 7


LOST: Final = (Counter.BEFORE_START, Counter.MAP_FULL, Counter.BAD_PACKET)
"""Should have been counted as edges."""
IGNORED: Final = tuple(counter for counter in Counter if counter not in LOST)
"""Left out on purpose."""


class State(IntEnum):
    """Positions in the map `state`."""

    STARTED_NS = 0
    RECORDING = 1
    RECENT_FULL = 2
    FLOWS_BEGUN = 3


COOKIE_BYTES: Final = 8

ADDRESS_BYTES: Final = {2: 4, 10: 16}
PROTOCOLS: Final = {6: Protocol.TCP, 17: Protocol.UDP, 132: Protocol.SCTP}
ROLES: Final = tuple(Role)
BASES: Final = tuple(Basis)
NS_PER_MS: Final = 1_000_000
LIMIT: Final = 2**63
"""Avro's long ends here."""


def decode(key: bytes, value: bytes, boot_to_utc_ns: int) -> Connection:
    """One row of an edge map.

    Args:
        key: struct edge_key.
        value: struct edge_value; a count of 0 says that the edge was open and nothing new began on it.
        boot_to_utc_ns: What to add to the boot clock to get nanoseconds of UTC since 1970.

    Raises:
        BadRecord: The bytes are no such row.
    """
    try:
        local, remote, cookie, _cgroup, port, family, protocol, role, basis, established = KEY.unpack(key)
        count, first, last = VALUE.unpack(value)
        size = ADDRESS_BYTES[family]
        if count >= LIMIT or cookie >= LIMIT:
            raise BadRecord(f"not an edge of the kernel's map: count {count}, cookie {cookie}")
        return Connection(
            role=ROLES[role],
            basis=BASES[basis],
            protocol=PROTOCOLS[protocol],
            local_address=local[:size],
            remote_address=remote[:size],
            port=port,
            established=bool(established),
            count=count,
            first_seen=(first + boot_to_utc_ns) // NS_PER_MS,
            last_seen=(max(first, last) + boot_to_utc_ns) // NS_PER_MS,
            netns_cookie=cookie,
        )
    except (struct.error, KeyError, IndexError) as error:
        raise BadRecord(f"not an edge of the kernel's map: {type(error).__name__}: {error}") from error


def pair_of(key: bytes) -> tuple[int, int]:
    """The network namespace cookie and the cgroup of a key, which tell whose socket it was."""
    return _PAIR.unpack_from(key, 32)


def per_cpu_sum(value: bytes) -> int:
    """The sum of a per-CPU u64; raises BadRecord if the bytes are none."""
    if len(value) % 8:
        raise BadRecord(f"{len(value)} bytes are no per-CPU counter")
    return sum(struct.unpack(f"={len(value) // 8}Q", value))
