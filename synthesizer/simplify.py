"""Plain rules to few: the same connections admitted by rules that name several peers or ports, in one fixed order."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeVar

from synthesizer.inference.model import AnyPeer, Direction, Grant, Port, Rule, RulePeer, peer_order

Left = TypeVar("Left")
Right = TypeVar("Right")


def simplify(grants: Iterable[Grant], direction: Direction) -> tuple[Rule, ...]:
    """Rules that admit exactly what these grants of one direction admit.

    Peers with equal ports share a rule; if naming all peers of each port takes fewer rules, that form is taken.
    """
    pairs = _without_implied({(grant.peer, grant.port) for grant in grants if grant.direction is direction})
    by_ports = _grouped(pairs)
    flipped = _grouped({(port, peer) for peer, port in pairs})
    rules = [_rule(peers, ports) for ports, peers in by_ports.items()]
    other = [_rule(peers, ports) for peers, ports in flipped.items()]
    return tuple(sorted(other if len(other) < len(rules) else rules, key=_order))


def _without_implied(pairs: set[tuple[RulePeer, Port]]) -> set[tuple[RulePeer, Port]]:
    for_all = {port for peer, port in pairs if isinstance(peer, AnyPeer)}
    return {(peer, port) for peer, port in pairs if isinstance(peer, AnyPeer) or port not in for_all}


def _grouped(pairs: set[tuple[Left, Right]]) -> dict[frozenset[Right], frozenset[Left]]:
    rights: dict[Left, set[Right]] = defaultdict(set)
    for left, right in pairs:
        rights[left].add(right)
    lefts: dict[frozenset[Right], set[Left]] = defaultdict(set)
    for left, found in rights.items():
        lefts[frozenset(found)].add(left)
    return {found: frozenset(group) for found, group in lefts.items()}


def _rule(peers: Iterable[RulePeer], ports: Iterable[Port]) -> Rule:
    return Rule(tuple(sorted(peers, key=peer_order)), tuple(sorted(ports)))


def _order(rule: Rule) -> tuple[object, ...]:
    return (tuple(peer_order(peer) for peer in rule.peers), rule.ports)
