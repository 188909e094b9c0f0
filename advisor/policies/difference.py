"""Two sets of policies compared by what they admit: connections that one allows and the other does not."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from advisor.policies.judge import Judge, Judged, Outcome
from advisor.policies.model import PolicySet
from advisor.policies.observed import Observations, ObservedEdge
from advisor.policies.world import World
from schemas.records import ApiServerPeer, ExternalPeer, Millis, NodePeer, Peer, WorkloadPeer
from synthesizer.evaluator.model import Pod
from synthesizer.evaluator.reach import Reach, bits_of, reach_of
from synthesizer.evaluator.space import Space, space_of


@dataclass(frozen=True, slots=True)
class Seen:
    """What was observed of some connections.

    Attributes:
        edges: Edges.
        connections: Their connections.
        last: The last of them.
    """

    edges: int = 0
    connections: int = 0
    last: Millis = 0


@dataclass(frozen=True, slots=True)
class Allowed:
    """Connections that one of two sets allows: from each of the clients to each of the servers, on each of the ports.

    Attributes:
        clients: Indices of the space's ends.
        servers: Likewise.
        spans: Indices of the space's ports.
        seen: What was observed of them.
    """

    clients: frozenset[int]
    servers: frozenset[int]
    spans: tuple[int, ...]
    seen: Seen = Seen()


@dataclass(frozen=True, slots=True)
class Turned:
    """An observed edge for which the two sets have different answers.

    Attributes:
        first: The first set's.
        second: The second set's.
    """

    first: Judged
    second: Judged


@dataclass(frozen=True, slots=True)
class Difference:
    """All of it.

    Attributes:
        space: All connections there could be.
        first: Those that only the first set allows; what was seen most comes first.
        second: Those that only the second set allows, likewise.
        turned: Observed edges with different answers, in the order of observations.
    """

    space: Space
    first: tuple[Allowed, ...]
    second: tuple[Allowed, ...]
    turned: tuple[Turned, ...]

    @property
    def same(self) -> bool:
        """Whether they allow the same."""
        return not self.first and not self.second


def compare(first: PolicySet, second: PolicySet, observations: Observations, world: World) -> Difference:
    """What one set allows and the other does not."""
    pods = _known_pods(world)
    guessed = [str(ref) for ref in world.workloads if not world.pods.get(ref)]
    space = space_of((*first.policies, *second.policies), pods, world.namespaces, guessed)
    one, other = reach_of(first.policies, space), reach_of(second.policies, space)
    places = tuple(_places(space, observations))
    return Difference(
        space,
        _sorted(space, _only(one, other), places),
        _sorted(space, _only(other, one), places),
        tuple(_turned(first, second, observations, world)),
    )


def _known_pods(world: World) -> Mapping[str, tuple[Pod, ...]]:
    return {
        str(ref): world.pods.get(ref) or (Pod(ref.namespace, "", workload.selector),)
        for ref, workload in sorted(world.workloads.items())
        if not workload.host_network
    }


def _only(one: Reach, other: Reach) -> Iterator[Allowed]:
    """What the one allows beyond the other, in few blocks."""
    by_pattern: dict[tuple[tuple[int, ...], int], int] = defaultdict(int)
    for client in range(len(one.space.ends)):
        spans: dict[int, list[int]] = defaultdict(list)
        for span in range(len(one.space.ports)):
            servers = one.of(client, span) & ~other.of(client, span)
            if servers:
                spans[servers].append(span)
        for servers, found in spans.items():
            by_pattern[tuple(found), servers] |= 1 << client
    by_clients: dict[tuple[tuple[int, ...], int], int] = defaultdict(int)
    for (ports, servers), clients in by_pattern.items():
        by_clients[ports, clients] |= servers
    for (ports, clients), servers in by_clients.items():
        yield Allowed(frozenset(bits_of(clients)), frozenset(bits_of(servers)), ports)


@dataclass(frozen=True, slots=True)
class _Place:
    edge: ObservedEdge
    clients: frozenset[int]
    servers: frozenset[int]
    span: int


def _places(space: Space, observations: Observations) -> Iterator[_Place]:
    """Where the observed edges are; those with an end that no rule can name are nowhere."""
    by_name: dict[str, set[int]] = defaultdict(set)
    for index, end in enumerate(space.ends):
        for name in end.known:
            by_name[name].add(index)
    for edge in observations.edges:
        clients, servers = (_ends_of(space, peer, by_name) for peer in (edge.client, edge.server))
        if edge.known_role and clients and servers:
            yield _Place(edge, clients, _listening(space, servers, edge), _span_of(space, edge))


def _listening(space: Space, servers: frozenset[int], edge: ObservedEdge) -> frozenset[int]:
    """As `judge` has it: the pods that declare the very port, if there are some."""
    declared = (edge.protocol, edge.port)
    found = frozenset(
        index
        for index in servers
        if isinstance(end := space.ends[index].end, Pod)
        and declared in {(port.protocol, port.number) for port in end.ports}
    )
    return found or servers


def _ends_of(space: Space, peer: Peer, by_name: Mapping[str, set[int]]) -> frozenset[int]:
    match peer:
        case WorkloadPeer(workload):
            return frozenset(by_name.get(str(workload.ref), ()))
        case ExternalPeer(address) | NodePeer(address=address) | ApiServerPeer(address):
            found = ip_address(address)
            return frozenset(
                index
                for index, end in enumerate(space.ends)
                if end.addresses is not None
                and found in end.addresses.inside
                and not any(found in block for block in end.addresses.outside)
            )
        case _:
            return frozenset()


def _span_of(space: Space, edge: ObservedEdge) -> int:
    return next(
        index
        for index, span in enumerate(space.ports)
        if span.protocol == edge.protocol.value and span.first <= edge.port <= span.last
    )


def _sorted(space: Space, found: Iterable[Allowed], places: tuple[_Place, ...]) -> tuple[Allowed, ...]:
    """What was seen most comes first, then what is between pods that are known."""
    known = frozenset(index for index, end in enumerate(space.ends) if end.known)
    seen = [Allowed(one.clients, one.servers, one.spans, _seen(one, places)) for one in found]

    def order(one: Allowed) -> tuple[int, int, list[int], list[int]]:
        ends = bool(one.clients & known) + bool(one.servers & known)
        return (-one.seen.connections, -ends, sorted(one.clients), sorted(one.servers))

    return tuple(sorted(seen, key=order))


def _seen(one: Allowed, places: tuple[_Place, ...]) -> Seen:
    spans = frozenset(one.spans)
    edges = [
        place.edge
        for place in places
        if place.span in spans and place.clients & one.clients and place.servers & one.servers
    ]
    last = max((edge.last_seen for edge in edges), default=0)
    return Seen(len(edges), sum(edge.connections for edge in edges), last)


def _turned(first: PolicySet, second: PolicySet, observations: Observations, world: World) -> Iterator[Turned]:
    judges = Judge(first.policies, world), Judge(second.policies, world)
    for edge in observations.edges:
        one, other = (judge.judged(edge) for judge in judges)
        if (one.outcome is Outcome.REFUSED) != (other.outcome is Outcome.REFUSED):
            yield Turned(one, other)
