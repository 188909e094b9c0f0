"""What policies admit, for all of a space at once: sets of ends are the bits of whole numbers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.records import Protocol
from synthesizer.evaluator.decide import isolating
from synthesizer.evaluator.match import is_peer, is_port, of_namespace, selects
from synthesizer.evaluator.model import Connection, End, PeerRule, Pod, Policy, PolicyRule, PortRule, Selector, Way
from synthesizer.evaluator.space import Space

_FEW: Final = 64


@dataclass(frozen=True, slots=True)
class Reach:
    """The connections that policies admit at both ends.

    Attributes:
        space: Where the connections are.
        clients: For each client and span of ports, by their indices: the servers that its own policies let it reach;
            clients that nothing isolates are left out.
        servers: For each span of ports and client: the servers whose own policies let it in.
        wide: For each span of ports: sets of many clients, and the servers whose own policies let all of these in.
        free: Servers that nothing isolates.
    """

    space: Space
    clients: Mapping[int, Mapping[int, int]]
    servers: Mapping[int, Mapping[int, int]]
    wide: Mapping[int, tuple[tuple[int, int], ...]]
    free: int

    def of(self, client: int, span: int) -> int:
        """The servers that the client reaches on the ports; other addresses do not count for an address."""
        pods = (1 << len(self.space.ends)) - 1
        if not isinstance(self.space.ends[client].end, Pod):
            pods = sum(1 << index for index, one in enumerate(self.space.ends) if isinstance(one.end, Pod))
        let_out = self.clients[client].get(span, 0) if client in self.clients else pods
        let_in = self.free | self.servers.get(span, {}).get(client, 0)
        for clients, servers in self.wide.get(span, ()):
            if clients >> client & 1:
                let_in |= servers
        return let_out & let_in & pods


def reach_of(policies: Iterable[Policy], space: Space) -> Reach:
    """All that the policies admit."""
    sides = _Sides(tuple(policies), space)
    clients: dict[int, Mapping[int, int]] = {}
    servers: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    free = 0
    for index, one in enumerate(space.ends):
        let_out, let_in = sides.of(one.end, "egress"), sides.of(one.end, "ingress")
        if let_out is not None:
            clients[index] = let_out
        if let_in is None:
            free |= 1 << index
            continue
        for span, found in let_in.items():
            servers[span][found] |= 1 << index
    few: dict[int, dict[int, int]] = {span: _by_client(found) for span, found in servers.items()}
    wide = {span: tuple(one for one in found.items() if one[0].bit_count() > _FEW) for span, found in servers.items()}
    return Reach(space, clients, few, wide, free)


def _by_client(servers: Mapping[int, int]) -> dict[int, int]:
    """Turned over, where few clients are meant."""
    found: dict[int, int] = defaultdict(int)
    for clients, let_in in servers.items():
        for client in bits_of(clients) if clients.bit_count() <= _FEW else ():
            found[client] |= let_in
    return dict(found)


def bits_of(mask: int) -> Iterator[int]:
    """The members of a set, in order."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


@dataclass(slots=True)
class _Sides:
    """One direction of one pod; pods that the same policies isolate share the answer."""

    policies: tuple[Policy, ...]
    space: Space
    _by_namespace: dict[str, list[Policy]] = field(default_factory=lambda: defaultdict(list))
    _ends: dict[str, dict[int, End]] = field(default_factory=lambda: defaultdict(dict))
    _pods: dict[tuple[str, Selector], int] = field(default_factory=dict)
    _places: dict[Selector, tuple[str, ...]] = field(default_factory=dict)
    _peers: dict[tuple[str, PeerRule], int] = field(default_factory=dict)
    _spans: dict[PortRule, tuple[int, ...]] = field(default_factory=dict)
    _found: dict[tuple[Way, frozenset[int], tuple[object, ...]], Mapping[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for policy in self.policies:
            self._by_namespace[policy.namespace].append(policy)
        for index, one in enumerate(self.space.ends):
            self._ends[one.end.namespace if isinstance(one.end, Pod) else ""][index] = one.end

    def of(self, end: End, way: Way) -> Mapping[int, int] | None:
        """The peers that may be talked to, for each span of ports; None if nothing isolates the end."""
        found = isolating(self._by_namespace.get(end.namespace, []), end, way) if isinstance(end, Pod) else []
        if not isinstance(end, Pod) or not found:
            return None
        key = (way, frozenset(id(policy) for policy, _ in found), end.ports if way == "ingress" else ())
        if key not in self._found:
            self._found[key] = self._admitted(end, found, way)
        return self._found[key]

    def _admitted(self, end: Pod, found: list[tuple[Policy, tuple[PolicyRule, ...]]], way: Way) -> Mapping[int, int]:
        admitted: dict[int, int] = defaultdict(int)
        for policy, rules in found:
            for rule in rules:
                peers = self._peers_of(rule, policy.namespace)
                for span, servers in self._spans_of(rule, end, way):
                    admitted[span] |= peers & servers
        return {span: peers for span, peers in admitted.items() if peers}

    def _peers_of(self, rule: PolicyRule, namespace: str) -> int:
        if not rule.peers:
            return (1 << len(self.space.ends)) - 1
        found = 0
        for peer in rule.peers:
            key = (namespace, peer)
            if key not in self._peers:
                self._peers[key] = self._in_block(peer, namespace) if peer.block else self._selected(peer, namespace)
            found |= self._peers[key]
        return found

    def _in_block(self, peer: PeerRule, namespace: str) -> int:
        ends = self._ends.get("", {}).items()
        return sum(1 << index for index, end in ends if is_peer(peer, end, namespace, self.space.namespaces))

    def _selected(self, peer: PeerRule, namespace: str) -> int:
        found = 0
        for place in self._places_of(peer, namespace):
            key = (place, peer.pods or ())
            if key not in self._pods:
                ends = self._ends.get(place, {}).items()
                meeting = (index for index, end in ends if isinstance(end, Pod) and selects(key[1], end.labels))
                self._pods[key] = sum(1 << index for index in meeting)
            found |= self._pods[key]
        return found

    def _places_of(self, peer: PeerRule, namespace: str) -> tuple[str, ...]:
        if peer.namespaces is None:
            return (namespace,)
        if peer.namespaces not in self._places:
            known = (place for place in self._ends if place)
            found = (one for one in known if of_namespace(peer, one, namespace, self.space.namespaces))
            self._places[peer.namespaces] = tuple(found)
        return self._places[peer.namespaces]

    def _spans_of(self, rule: PolicyRule, end: Pod, way: Way) -> Iterator[tuple[int, int]]:
        """The spans that the rule speaks of, each with the peers for which it does: names are the server's."""
        every = (1 << len(self.space.ends)) - 1
        if not rule.ports:
            yield from ((span, every) for span in range(len(self.space.ports)))
        for port in rule.ports:
            if not isinstance(port.port, str):
                yield from ((span, every) for span in self._numbered(port, end))
            elif way == "ingress":
                yield from ((span, every) for span in self._named(port, end))
            else:
                for index, one in enumerate(self.space.ends):
                    yield from ((span, 1 << index) for span in self._named(port, one.end))

    def _numbered(self, port: PortRule, end: Pod) -> tuple[int, ...]:
        if port not in self._spans:
            self._spans[port] = tuple(self._named(port, end))
        return self._spans[port]

    def _named(self, port: PortRule, server: End) -> Iterator[int]:
        for index, span in enumerate(self.space.ports):
            if span.protocol == port.protocol.value and is_port(
                port, Connection(server, server, Protocol(span.protocol), span.first)
            ):
                yield index
