"""Rows of the kernel's edge map as columns of a batch: work for each edge that no object is made for.

`layout.decode` says what a row means; a property keeps the two equal.
"""

import re
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from collector.layout import (
    ADDRESS_BYTES,
    BASES,
    KEY,
    KEY_FIELDS,
    LIMIT,
    NS_PER_MS,
    PROTOCOLS,
    ROLES,
    VALUE,
    VALUE_FIELDS,
    decode,
)  # fmt: skip
from schemas.codec import BadRecord
from schemas.records import Connections, Millis
from schemas.records.connections import PROTOCOLS as PROTOCOL_CODES

Row: TypeAlias = tuple[bytes, bytes]
"""A key and a value, as `KEY` and `VALUE` pack them."""

PodUid: TypeAlias = Callable[[int, int], str]
"""The pod's UID of a network namespace cookie and a cgroup, empty if it is not known."""


def _offsets(layout: struct.Struct, names: Sequence[str]) -> dict[str, int]:
    """Where each field begins, in bytes."""
    parts = re.findall(r"\d*[a-zA-Z]", layout.format)
    return {name: struct.calcsize("=" + "".join(parts[:place])) for place, name in enumerate(names)}


_AT: Final = {**_offsets(KEY, KEY_FIELDS), **_offsets(VALUE, VALUE_FIELDS)}
_LOCAL, _REMOTE = _AT["local"], _AT["remote"]
_FAMILIES: Final = bytes(ADDRESS_BYTES)
_PROTOCOL_CODE: Final = bytes.maketrans(
    bytes(PROTOCOLS), bytes(PROTOCOL_CODES.index(protocol) for protocol in PROTOCOLS.values())
)
_SIZE: Final = bytes.maketrans(_FAMILIES, bytes(ADDRESS_BYTES.values()))
_FLAG: Final = bytes([0] + [1] * 255)
_ALLOWED: Final = {
    "family": _FAMILIES,
    "protocol": bytes(PROTOCOLS),
    "role": bytes(range(len(ROLES))),
    "basis": bytes(range(len(BASES))),
}


def sound(rows: Sequence[Row]) -> tuple[Sequence[Row], Sequence[Row]]:
    """The rows that are edges, and those that are not; both in their order."""
    if _all_sound(rows):
        return rows, ()
    good: list[Row] = []
    bad: list[Row] = []
    for row in rows:
        (good if _is_sound(row) else bad).append(row)
    return good, bad


def columns_of(rows: Sequence[Row], boot_to_utc_ns: int, interval_start: Millis, pod_uid: PodUid) -> Connections:
    """The columns of a batch.

    Args:
        rows: Sound ones.
        boot_to_utc_ns: What to add to the boot clock to get nanoseconds of UTC since 1970.
        interval_start: Of the batch.
        pod_uid: Asked once for each network namespace and cgroup.
    """
    keys, values = b"".join([key for key, _ in rows]), b"".join([value for _, value in rows])
    sizes = _bytes(keys, "family").translate(_SIZE)
    addresses: dict[bytes, int] = {}
    cookies: dict[int, int] = {}
    netns = _numbers(keys, "netns_cookie", "Q", KEY.size)
    pods, uids = _pods(zip(netns, _numbers(keys, "cgroup_id", "Q", KEY.size), strict=True), pod_uid)
    first, last = _times(values, boot_to_utc_ns, interval_start)
    return Connections(
        roles=_bytes(keys, "role"),
        bases=_bytes(keys, "basis"),
        protocols=_bytes(keys, "protocol").translate(_PROTOCOL_CODE),
        established=_bytes(keys, "established").translate(_FLAG),
        local=_indices(addresses, [row[0][_LOCAL : _LOCAL + size] for row, size in zip(rows, sizes, strict=True)]),
        remote=_indices(addresses, [row[0][_REMOTE : _REMOTE + size] for row, size in zip(rows, sizes, strict=True)]),
        ports=tuple(_numbers(keys, "port", "H", KEY.size)),
        counts=tuple(_numbers(values, "count", "Q", VALUE.size)),
        first_seen=first,
        last_seen=last,
        pods=pods,
        netns=tuple([cookies.setdefault(cookie, len(cookies)) for cookie in netns]),
        addresses=tuple(addresses),
        pod_uids=uids,
        netns_cookies=tuple(cookies),
    )


def _indices(table: dict[bytes, int], found: Iterable[bytes]) -> tuple[int, ...]:
    return tuple([table.setdefault(address, len(table)) for address in found])


def _pods(places: Iterable[tuple[int, int]], pod_uid: PodUid) -> tuple[tuple[int, ...], tuple[str, ...]]:
    uids: dict[str, int] = {}
    known: dict[tuple[int, int], int] = {}
    found: list[int] = []
    for place in places:
        index = known.get(place)
        if index is None:
            index = known[place] = uids.setdefault(pod_uid(*place), len(uids))
        found.append(index)
    return tuple(found), tuple(uids)


def _times(values: bytes, boot_to_utc_ns: int, start: Millis) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First sightings after the interval's start, and last ones after the first, in milliseconds."""
    firsts = _numbers(values, "first_ns", "Q", VALUE.size)
    lasts = _numbers(values, "last_ns", "Q", VALUE.size)
    begun = [(first + boot_to_utc_ns) // NS_PER_MS for first in firsts]
    lengths = [
        (max(first, last) + boot_to_utc_ns) // NS_PER_MS - begin
        for first, last, begin in zip(firsts, lasts, begun, strict=True)
    ]
    return tuple([begin - start for begin in begun]), tuple(lengths)


def _bytes(joined: bytes, field: str) -> bytes:
    return joined[_AT[field] :: KEY.size]


def _numbers(joined: bytes, field: str, code: str, row_size: int) -> list[int]:
    size = struct.calcsize(code)
    numbers: list[int] = memoryview(joined).cast(code)[_AT[field] // size :: row_size // size].tolist()  # type: ignore[call-overload]  # the stub knows only literals
    return numbers


def _all_sound(rows: Sequence[Row]) -> bool:
    """Whether `_is_sound` holds for all, at the price of a few scans of their bytes."""
    if any(len(key) != KEY.size or len(value) != VALUE.size for key, value in rows):
        return False
    keys, values = b"".join([key for key, _ in rows]), b"".join([value for _, value in rows])
    if any(_bytes(keys, field).translate(None, allowed) for field, allowed in _ALLOWED.items()):
        return False
    cookies, counts = _numbers(keys, "netns_cookie", "Q", KEY.size), _numbers(values, "count", "Q", VALUE.size)
    return max(cookies, default=0) < LIMIT and max(counts, default=0) < LIMIT


def _is_sound(row: Row) -> bool:
    try:
        decode(*row, 0)
    except BadRecord:
        return False
    return True
