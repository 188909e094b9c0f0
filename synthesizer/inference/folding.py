"""Many addresses as few prefixes: canonical, bounded in number, a function of the set alone."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from itertools import pairwise

from synthesizer.addresses import Address, Network, holds


def covering(addresses: Iterable[Address], limit: int, zones: Sequence[Network] = ()) -> tuple[Network, ...]:
    """At most `limit` prefixes that hold all addresses (of one family), each as narrow as can be.

    The sorted addresses are cut where neighbours have least in common. An address of a zone never shares a prefix
    with one outside of it; if there are more zones than `limit`, there are more prefixes too.
    """
    ordered = sorted(set(addresses))
    if not ordered:
        return ()
    cuts = _cuts(ordered, limit, zones)
    starts, ends = [0, *cuts], [*cuts, len(ordered)]
    prefixes = {supernet(ordered[start], ordered[end - 1]) for start, end in zip(starts, ends, strict=True)}
    kept = [prefix for prefix in prefixes if not _nested(prefix, prefixes)]
    return tuple(sorted(kept, key=lambda prefix: int(prefix.network_address)))


def supernet(first: Address, last: Address) -> Network:
    """The narrowest prefix that holds both, which are of one family."""
    length = common_bits(first, last)
    shift = first.max_prefixlen - length
    start = int(first) >> shift << shift
    return IPv4Network((start, length)) if isinstance(first, IPv4Address) else IPv6Network((start, length))


def common_bits(first: Address, last: Address) -> int:
    """Leading bits that both share."""
    return first.max_prefixlen - (int(first) ^ int(last)).bit_length()


def _cuts(ordered: Sequence[Address], limit: int, zones: Sequence[Network]) -> list[int]:
    zone_of = [next((index for index, zone in enumerate(zones) if address in zone), -1) for address in ordered]
    gaps = sorted(
        (zone_of[index] == zone_of[index + 1], common_bits(one, other), index + 1)
        for index, (one, other) in enumerate(pairwise(ordered))
    )
    forced = sum(1 for same_zone, _, _ in gaps if not same_zone)
    return sorted(index for _, _, index in gaps[: max(limit - 1, forced)])


def _nested(prefix: Network, others: Iterable[Network]) -> bool:
    return any(holds(other, prefix) for other in others if other != prefix)
