"""Addresses outside the cluster, where programs must agree on them: what is private, and how many fold to few."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

PRIVATE: Final[tuple[IPv4Network | IPv6Network, ...]] = tuple(
    ip_network(cidr)
    for cidr in (
        "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
"""Not the internet: RFC 1918, RFC 6598 (shared), RFC 3927 and RFC 4291 (link-local), RFC 4193 (unique local)."""

METADATA: Final = frozenset({ip_address("169.254.169.254"), ip_address("fd00:ec2::254")})
"""Where clouds hand out credentials to whoever asks from a node or pod: told apart always, never part of a prefix."""

TOLD_APART: Final = 256
"""External peers of one role, protocol, port and family, public and private apart, that are told apart at most."""

LEVELS: Final[Mapping[int, tuple[int, ...]]] = {4: (24, 20, 16, 12, 8), 6: (64, 56, 48, 40, 32, 24, 16, 8)}
"""Leading bits by which more of them are told apart, by IP version: the finest level at which they are few enough."""


def zone_bits(address: IPv4Address | IPv6Address) -> int:
    """Length of the private range that holds the address, 0 if it is the internet's; no prefix of it is wider."""
    return next((zone.prefixlen for zone in PRIVATE if zone.version == address.version and address in zone), 0)
