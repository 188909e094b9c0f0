"""Address ranges that matter to a policy, and addresses as `ipaddress` objects."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from schemas.external import METADATA, PRIVATE, zone_bits

__all__ = [
    "METADATA", "PRIVATE", "Address", "Network", "holds", "host_network", "parse_address", "parse_networks",
    "prefix_of", "within",
]  # fmt: skip

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


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
    return ip_network(f"{address}/{max(bits, zone_bits(address))}", strict=False)
