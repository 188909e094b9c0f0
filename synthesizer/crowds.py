"""A bound on external peers: past it, addresses are told apart by fewer leading bits, and the edges of each are joined.

How many bits is a function of the set of addresses alone, so that it does not matter in which order they came.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from schemas.external import LEVELS, TOLD_APART, zone_bits
from schemas.records import EdgeEvidence, ExternalPeer, Protocol, Role
from synthesizer.addresses import METADATA, Address, Network, parse_address, prefix_of
from synthesizer.sightings import together

LIMIT: Final = TOLD_APART
"""The same as in a window, so that a window that told fewer bits apart changes nothing."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What external edges have in common that are bounded together.

    Attributes:
        role: What the workload did.
        protocol: The protocol.
        port: The server's port.
        version: 4 or 6.
        private: The addresses are none of the internet's.
    """

    role: Role
    protocol: Protocol
    port: int
    version: int
    private: bool


def crowd_of(edge: EdgeEvidence) -> Crowd | None:
    """The edge's crowd; None if its peer is not external, or is never joined with others."""
    if not isinstance(edge.peer, ExternalPeer):
        return None
    address = parse_address(edge.peer.address)
    if address in METADATA:
        return None
    return Crowd(edge.role, edge.protocol, edge.port, address.version, zone_bits(address) > 0)


def levels_of(edges: Iterable[EdgeEvidence]) -> Mapping[Crowd, int]:
    """Leading bits by which crowds are told apart already."""
    levels: dict[Crowd, int] = {}
    for edge in edges:
        if isinstance(edge.peer, ExternalPeer) and edge.peer.bits:
            crowd = crowd_of(edge)
            if crowd is not None:
                levels[crowd] = min(levels.get(crowd, 128), edge.peer.bits)
    return levels


def coarser(edges: Iterable[EdgeEvidence], levels: Mapping[Crowd, int]) -> Mapping[Crowd, int]:
    """Those of the levels by which not all edges of the crowd are told apart already."""
    found: dict[Crowd, int] = {}
    for edge in edges if levels else ():
        crowd = crowd_of(edge)
        if crowd is None or crowd not in levels or not isinstance(edge.peer, ExternalPeer):
            continue
        if edge.peer.bits != levels[crowd]:
            found[crowd] = levels[crowd]
    return found


def at_levels(edges: Iterable[EdgeEvidence], levels: Mapping[Crowd, int]) -> list[EdgeEvidence]:
    """The edges with each external peer told apart by its crowd's bits only; edges that become one are joined."""
    kept: list[EdgeEvidence] = []
    joined: dict[tuple[Crowd, Network], EdgeEvidence] = {}
    for edge in edges:
        crowd = crowd_of(edge) if levels else None
        if crowd is None or crowd not in levels or not isinstance(edge.peer, ExternalPeer):
            kept.append(edge)
            continue
        network = prefix_of(parse_address(edge.peer.address), levels[crowd])
        coarse = replace(edge, peer=replace(edge.peer, bits=levels[crowd]))
        known = joined.get((crowd, network))
        joined[crowd, network] = coarse if known is None else together(known, coarse)
    return [*kept, *joined.values()]


def needed_levels(edges: Iterable[EdgeEvidence], limit: int) -> Mapping[Crowd, int]:
    """The most bits by which each crowd has no more than `limit` members; crowds that need no joining are left out."""
    members: dict[Crowd, set[Address]] = defaultdict(set)
    for edge in edges:
        crowd = crowd_of(edge)
        if crowd is not None and isinstance(edge.peer, ExternalPeer):
            members[crowd].add(parse_address(edge.peer.address))
    return {crowd: _level(crowd, found, limit) for crowd, found in members.items() if len(found) > limit}


def _level(crowd: Crowd, addresses: set[Address], limit: int) -> int:
    levels = LEVELS[crowd.version]
    fits = (bits for bits in levels if len({prefix_of(address, bits) for address in addresses}) <= limit)
    return next(fits, levels[-1])
