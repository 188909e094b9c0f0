"""External addresses of one direction and port as ipBlocks: exact while few, then prefixes, then any external."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from synthesizer.addresses import METADATA, PRIVATE, Address, Network, holds, host_network, parse_networks, within
from synthesizer.inference.folding import covering
from synthesizer.inference.model import BlockPeer
from synthesizer.options import Options


@dataclass(frozen=True, slots=True)
class Blocks:
    """What stands for a set of addresses.

    Attributes:
        exact: One block for each address.
        folded: Blocks that hold more than was seen.
    """

    exact: tuple[BlockPeer, ...] = ()
    folded: tuple[BlockPeer, ...] = ()


def blocks_of(addresses: frozenset[Address], options: Options) -> Blocks:
    """Blocks that hold all the addresses; the metadata addresses are only ever exact."""
    exact = addresses & METADATA
    rest = addresses - exact
    if len(rest) <= options.exact_limit:
        return Blocks(_exact(addresses))
    networks = [network for version in (4, 6) for network in _folded(rest, version, options)]
    single = {address for address in rest if host_network(address) in networks}
    wide = [network for network in networks if network.num_addresses > 1]
    return Blocks(_exact(exact | single), tuple(_block(network, options) for network in wide))


def _exact(addresses: Iterable[Address]) -> tuple[BlockPeer, ...]:
    ordered = sorted(addresses, key=lambda address: (address.version, int(address)))
    return tuple(BlockPeer(str(host_network(address))) for address in ordered)


def _folded(addresses: frozenset[Address], version: int, options: Options) -> tuple[Network, ...]:
    family = [address for address in addresses if address.version == version]
    private = [network for network in PRIVATE if network.version == version]
    public = covering((address for address in family if not within(address, private)), options.prefix_limit)
    widest = options.widest_v4 if version == 4 else options.widest_v6  # noqa: PLR2004  IP's own version number
    if any(network.prefixlen < widest for network in public):
        public = (ip_network("0.0.0.0/0" if version == 4 else "::/0"),)  # noqa: PLR2004
    inside = covering((address for address in family if within(address, private)), options.prefix_limit, private)
    return public + inside


def _block(network: Network, options: Options) -> BlockPeer:
    apart = [*PRIVATE, *parse_networks(options.cluster_cidrs), *(host_network(address) for address in METADATA)]
    inside = [other for other in apart if holds(network, other) and other != network]
    outermost = {one for one in inside if not any(holds(other, one) and other != one for other in inside)}
    ordered = sorted(outermost, key=lambda one: int(one.network_address))
    return BlockPeer(str(network), tuple(str(one) for one in ordered))
