"""External addresses of one direction and port as ipBlocks: exact while few, then prefixes, then any external."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from synthesizer.addresses import METADATA, PRIVATE, Network, holds, host_network, parse_networks
from synthesizer.inference.folding import covering
from synthesizer.inference.model import BlockPeer
from synthesizer.options import Options

_V4 = 4


@dataclass(frozen=True, slots=True)
class Blocks:
    """What stands for a set of addresses.

    Attributes:
        exact: One block for each address.
        folded: Blocks that hold more than was seen.
    """

    exact: tuple[BlockPeer, ...] = ()
    folded: tuple[BlockPeer, ...] = ()


def blocks_of(networks: frozenset[Network], options: Options) -> Blocks:
    """Blocks that hold all the networks; the metadata addresses are only ever exact."""
    metadata = networks & {host_network(address) for address in METADATA}
    rest = networks - metadata
    if len(rest) <= options.exact_limit and all(network.num_addresses == 1 for network in rest):
        return Blocks(_exact(networks))
    folded = {network for version in (4, 6) for network in _folded(rest, version, options)}
    single = folded & rest & {network for network in rest if network.num_addresses == 1}
    return Blocks(_exact(metadata | single), tuple(_block(one, options) for one in _ordered(folded - single)))


def _ordered(networks: Iterable[Network]) -> list[Network]:
    return sorted(networks, key=lambda network: (network.version, int(network.network_address), network.prefixlen))


def _exact(networks: Iterable[Network]) -> tuple[BlockPeer, ...]:
    return tuple(BlockPeer(str(network)) for network in _ordered(networks))


def _folded(networks: frozenset[Network], version: int, options: Options) -> tuple[Network, ...]:
    family = [network for network in networks if network.version == version]
    zones = [network for network in PRIVATE if network.version == version]
    private = [network for network in family if any(holds(zone, network) for zone in zones)]
    public = covering(set(family) - set(private), options.prefix_limit)
    widest = options.widest_v4 if version == _V4 else options.widest_v6
    if any(network.prefixlen < widest for network in public):
        public = (ip_network("0.0.0.0/0" if version == _V4 else "::/0"),)
    return public + covering(private, options.prefix_limit, zones)


def _block(network: Network, options: Options) -> BlockPeer:
    apart = [*PRIVATE, *parse_networks(options.cluster_cidrs), *(host_network(address) for address in METADATA)]
    inside = [other for other in apart if holds(network, other) and other != network]
    outermost = {one for one in inside if not any(holds(other, one) and other != one for other in inside)}
    ordered = sorted(outermost, key=lambda one: int(one.network_address))
    return BlockPeer(str(network), tuple(str(one) for one in ordered))
