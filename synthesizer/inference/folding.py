"""Many networks as few prefixes: canonical, bounded in number, a function of the set alone."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise

from synthesizer.addresses import Network, holds


def covering(networks: Iterable[Network], limit: int, zones: Sequence[Network] = ()) -> tuple[Network, ...]:
    """At most `limit` prefixes that hold all networks (of one family, none within another), as narrow as can be.

    In order, they are cut where neighbours have least in common. A network of a zone never shares a prefix with one
    outside of it; if there are more zones than `limit`, there are more prefixes too.
    """
    ordered = sorted(set(networks), key=lambda network: int(network.network_address))
    if not ordered:
        return ()
    cuts = _cuts(ordered, limit, zones)
    starts, ends = [0, *cuts], [*cuts, len(ordered)]
    prefixes = {supernet(ordered[start], ordered[end - 1]) for start, end in zip(starts, ends, strict=True)}
    kept = [prefix for prefix in prefixes if not _nested(prefix, prefixes)]
    return tuple(sorted(kept, key=lambda prefix: int(prefix.network_address)))


def supernet(first: Network, last: Network) -> Network:
    """The narrowest prefix that holds both, which are of one family."""
    length = common_bits(first, last)
    shift = first.max_prefixlen - length
    start = int(first.network_address) >> shift << shift
    return IPv4Network((start, length)) if isinstance(first, IPv4Network) else IPv6Network((start, length))


def common_bits(first: Network, last: Network) -> int:
    """Leading bits that both share in all of their addresses."""
    differing = int(first.network_address) ^ int(last.broadcast_address)
    return first.max_prefixlen - differing.bit_length()


def _cuts(ordered: Sequence[Network], limit: int, zones: Sequence[Network]) -> list[int]:
    zone_of = [next((index for index, zone in enumerate(zones) if holds(zone, one)), -1) for one in ordered]
    gaps = sorted(
        (zone_of[index] == zone_of[index + 1], common_bits(one, other), index + 1)
        for index, (one, other) in enumerate(pairwise(ordered))
    )
    forced = sum(1 for same_zone, _, _ in gaps if not same_zone)
    return sorted(index for _, _, index in gaps[: max(limit - 1, forced)])


def _nested(prefix: Network, others: Iterable[Network]) -> bool:
    return any(holds(other, prefix) for other in others if other != prefix)
