"""Ports and addresses that no rule tells apart: spans between the numbers at which some rule begins or ends."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import pairwise
from typing import Final

from schemas.records import Protocol
from synthesizer.evaluator.model import Network, PortRule

HIGHEST_PORT: Final = 65_535
_ALL: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))


@dataclass(frozen=True, slots=True, order=True)
class PortSpan:
    """Ports that all rules treat alike.

    Attributes:
        protocol: Name of the protocol.
        first: The first of them.
        last: The last of them.
    """

    protocol: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class AddressClass:
    """Addresses that lie in the same blocks.

    Attributes:
        example: One of them.
        inside: The smallest block that holds them; all of the family if no rule's block does.
        outside: Blocks within it that do not hold them, without those within others.
    """

    example: str
    inside: Network
    outside: tuple[Network, ...]


def port_spans(rules: Iterable[PortRule], single: Iterable[tuple[Protocol, int]]) -> tuple[PortSpan, ...]:
    """All ports of all protocols in spans.

    Args:
        rules: Whose ports are told apart.
        single: Ports that stand alone.
    """
    cuts: dict[Protocol, set[int]] = {protocol: {1, HIGHEST_PORT + 1} for protocol in Protocol}
    for rule in rules:
        if isinstance(rule.port, int):
            cuts[rule.protocol] |= {rule.port, (rule.end or rule.port) + 1}
    for protocol, port in single:
        cuts[protocol] |= {port, port + 1}
    return tuple(
        PortSpan(protocol.value, first, following - 1)
        for protocol in Protocol
        for first, following in pairwise(sorted(cuts[protocol]))
    )


def address_classes(blocks: Iterable[Network]) -> tuple[AddressClass, ...]:
    """All addresses of both families, by the blocks that hold them."""
    given = frozenset(blocks)
    return tuple(one for whole in _ALL for one in _of_family(whole, given))


def _of_family(whole: Network, given: frozenset[Network]) -> list[AddressClass]:
    blocks = sorted({*(block for block in given if block.version == whole.version), whole}, key=_first)
    cuts = sorted({cut for block in blocks for cut in (_first(block), _last(block) + 1)})
    found: dict[frozenset[Network], int] = {}
    for first, _ in pairwise(cuts):
        found.setdefault(frozenset(block for block in blocks if _first(block) <= first <= _last(block)), first)
    return [_class(holding, first, blocks) for holding, first in found.items()]


def _class(holding: frozenset[Network], first: int, blocks: list[Network]) -> AddressClass:
    inside = max(holding, key=lambda block: block.prefixlen)
    within: dict[bool, list[Network]] = defaultdict(list)
    for block in sorted(blocks, key=lambda block: block.prefixlen):
        strictly = _first(inside) <= _first(block) and _last(block) <= _last(inside) and block != inside
        if strictly and not any(_first(one) <= _first(block) <= _last(one) for one in within[True]):
            within[True].append(block)
    address = IPv4Address(first) if inside.version == 4 else IPv6Address(first)  # noqa: PLR2004  the IP version
    return AddressClass(str(address), inside, tuple(sorted(within[True], key=_first)))


def _first(block: Network) -> int:
    return int(block.network_address)


def _last(block: Network) -> int:
    return int(block.broadcast_address)
