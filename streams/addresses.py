"""Addresses as packed bytes, and ranges of them; text only where a record asks for it."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_MAPPED: Final = bytes(10) + b"\xff\xff"
_LOOPBACK_6: Final = bytes(15) + b"\x01"
_LENGTHS: Final = (4, 16)


def packed(text: str) -> bytes:
    """4 or 16 bytes, v4-mapped addresses unwrapped; raises ValueError if the text is no address."""
    return unmapped(ipaddress.ip_address(text).packed)


def unmapped(address: bytes) -> bytes:
    """::ffff:a.b.c.d as a.b.c.d; raises ValueError for anything but 4 or 16 bytes."""
    if len(address) not in _LENGTHS:
        raise ValueError(f"an address has 4 or 16 bytes, not {len(address)}")
    return address[12:] if address.startswith(_MAPPED) else address


@lru_cache(maxsize=65_536)
def as_text(address: bytes) -> str:
    """The address as people write it."""
    return str(ipaddress.ip_address(address))


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


def gateway(cidr: str) -> bytes:
    """The first host address of a range, which the CNI's bridge has; raises ValueError if the text is no range."""
    network = ipaddress.ip_network(cidr, strict=False)
    return unmapped((network.network_address + 1).packed)


class Ranges:
    """Membership in a set of address ranges."""

    def __init__(self, cidrs: Iterable[str]) -> None:
        networks = [ipaddress.ip_network(cidr, strict=False) for cidr in cidrs]
        self._masks = {
            (network.max_prefixlen // 8, int(network.netmask), int(network.network_address)) for network in networks
        }

    def __contains__(self, address: bytes) -> bool:
        """Whether the address lies in any range."""
        value = int.from_bytes(address, "big")
        return any(len(address) == size and value & mask == base for size, mask, base in self._masks)
