"""Address ranges that matter to a policy, and addresses as `ipaddress` objects."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

PRIVATE: Final[tuple[Network, ...]] = tuple(
    ip_network(cidr)
    for cidr in (
        "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
"""Not the internet: RFC 1918, RFC 6598 (shared), RFC 3927 and RFC 4291 (link-local), RFC 4193 (unique local)."""

METADATA: Final[frozenset[Address]] = frozenset({ip_address("169.254.169.254"), ip_address("fd00:ec2::254")})
"""Where clouds hand out credentials to whoever asks from a node or pod."""


@lru_cache(maxsize=65536)
def parse_address(text: str) -> Address:
    """The address, a v4-mapped one as IPv4; raises ValueError, also for one with a zone, which no CIDR can hold."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError(f"{text} has a zone")
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=256)
def parse_networks(cidrs: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks; host bits are forgiven; raises ValueError."""
    return tuple(ip_network(cidr, strict=False) for cidr in cidrs)


def within(address: Address, networks: Iterable[Network]) -> bool:
    """Whether a network holds the address."""
    return any(address in network for network in networks if network.version == address.version)


def host_network(address: Address) -> Network:
    """The network of the address alone: /32 or /128."""
    return ip_network(address)


def holds(outer: Network, inner: Network) -> bool:
    """Whether `inner` lies within `outer`, or is it."""
    if isinstance(outer, IPv4Network) and isinstance(inner, IPv4Network):
        return inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and isinstance(inner, IPv6Network) and inner.subnet_of(outer)


def prefix_of(address: Address, bits: int) -> Network:
    """The address's prefix of so many bits, never wider than the private range that holds it; 0 for it alone."""
    if not bits:
        return host_network(address)
    zone = next((zone.prefixlen for zone in PRIVATE if zone.version == address.version and address in zone), 0)
    return ip_network(f"{address}/{max(bits, zone)}", strict=False)
