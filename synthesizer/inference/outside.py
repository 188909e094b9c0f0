"""Grants for external peers: all addresses of one direction and port together, so that many can fold to few."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.records import ExternalPeer
from synthesizer.addresses import Network
from synthesizer.inference.external import blocks_of
from synthesizer.inference.model import BlockPeer, Direction, Generalisation, Grant, Port
from synthesizer.inference.wants import Want
from synthesizer.inference.words import dns_beside, folded
from synthesizer.options import Options
from synthesizer.peers import span_of


@dataclass(frozen=True, slots=True)
class Outside:
    """What external peers are granted.

    Attributes:
        seen: Grants of exactly what was seen.
        beyond: Grants of more, each with its sentence.
    """

    seen: frozenset[Grant]
    beyond: tuple[Generalisation, ...]


def grants_of(wants: Iterable[Want], options: Options) -> Outside:
    """Grants for these external peers."""
    grouped: dict[tuple[Direction, Port], list[Want]] = defaultdict(list)
    for want in wants:
        grouped[want.direction, want.port].append(want)
    parts = [_one_port(direction, port, group, options) for (direction, port), group in grouped.items()]
    return Outside(
        frozenset().union(*(part.seen for part in parts)),
        tuple(one for part in parts for one in part.beyond),
    )


def _one_port(direction: Direction, port: Port, wants: list[Want], options: Options) -> Outside:
    blocks = blocks_of(frozenset(_span(want) for want in wants), options)
    assumed = {BlockPeer(str(_span(want))): want for want in wants if want.assumed}
    seen = frozenset(Grant(direction, block, port) for block in blocks.exact if block not in assumed)
    dns = [
        Generalisation(Grant(direction, block, port), dns_beside(assumed[block]))
        for block in blocks.exact
        if block in assumed
    ]
    text = folded(direction, port, blocks.folded)
    return Outside(seen, (*dns, *(Generalisation(Grant(direction, block, port), text) for block in blocks.folded)))


def _span(want: Want) -> Network:
    if not isinstance(want.peer, ExternalPeer):
        raise TypeError(f"{want.peer} is not external")
    return span_of(want.peer)
