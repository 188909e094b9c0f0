"""Addresses as packed bytes, and ranges of them; text only where a record asks for it."""

import ipaddress
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntoa, inet_pton
from typing import Final

_MAPPED: Final = bytes(10) + b"\xff\xff"
_LOOPBACK_6: Final = bytes(15) + b"\x01"
_LENGTHS: Final = (4, 16)


def packed(text: str) -> bytes:
    """4 or 16 bytes, v4-mapped addresses unwrapped; raises ValueError if the text is no address."""
    try:
        return unmapped(inet_pton(AF_INET6 if ":" in text else AF_INET, text))
    except OSError:  # ipaddress says what is wrong with it, and knows zones
        return unmapped(ipaddress.ip_address(text).packed)


def unmapped(address: bytes) -> bytes:
    """::ffff:a.b.c.d as a.b.c.d; raises ValueError for anything but 4 or 16 bytes."""
    if len(address) not in _LENGTHS:
        raise ValueError(f"an address has 4 or 16 bytes, not {len(address)}")
    return address[12:] if address.startswith(_MAPPED) else address


@lru_cache(maxsize=65_536)
def as_text(address: bytes) -> str:
    """The address as people write it."""
    return inet_ntoa(address) if len(address) == 4 else str(ipaddress.ip_address(address))  # noqa: PLR2004  IPv4


def is_address(text: str) -> bool:
    """Whether the text is an IP address (load balancers and slices may give host names)."""
    try:
        packed(text)
    except ValueError:
        return False
    return True


def is_loopback(address: bytes) -> bool:
    """127.0.0.0/8 and ::1."""
    return (len(address) == 4 and address[0] == 127) or address == _LOOPBACK_6  # noqa: PLR2004  RFC 1122, 4 bytes


def node_ends(cidr: str) -> tuple[bytes, bytes]:
    """The two addresses of a node's pod range that no pod gets: of flannel's tunnel, and of the CNI's bridge.

    Raises:
        ValueError: The text is no range.
    """
    first = ipaddress.ip_network(cidr, strict=False).network_address
    return unmapped(first.packed), unmapped((first + 1).packed)


class Ranges:
    """Membership in a set of address ranges, each of which may have been added several times.

    It takes as long for thousands of ranges as for one: there are only so many lengths of prefixes.
    """

    def __init__(self, cidrs: Iterable[str] = ()) -> None:
        self._bases: dict[tuple[int, int], Counter[int]] = {}
        for cidr in cidrs:
            self.add(cidr)

    def add(self, cidr: str) -> None:
        """One range more; raises ValueError if the text is none."""
        kind, base = _range(cidr)
        self._bases.setdefault(kind, Counter())[base] += 1

    def remove(self, cidr: str) -> None:
        """Take back one `add`."""
        kind, base = _range(cidr)
        bases = self._bases[kind]
        bases[base] -= 1
        if not bases[base]:
            del bases[base]

    def covers(self, cidr: str) -> bool:
        """Whether all of a range lies in one of them; raises ValueError if the text is none."""
        (size, own), base = _range(cidr)
        wider = ((free, bases) for (length, free), bases in self._bases.items() if length == size and free >= own)
        return any(base >> (free - own) in bases for free, bases in wider)

    def __contains__(self, address: bytes) -> bool:
        """Whether the address lies in any range."""
        value, size = int.from_bytes(address, "big"), len(address)
        return any(length == size and value >> free in bases for (length, free), bases in self._bases.items())


def _range(cidr: str) -> tuple[tuple[int, int], int]:
    """Its size in bytes and the number of bits that are free; the others."""
    network = ipaddress.ip_network(cidr, strict=False)
    free = network.max_prefixlen - network.prefixlen
    return (network.max_prefixlen // 8, free), int(network.network_address) >> free
