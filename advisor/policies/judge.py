"""An observed edge held against policies, at both of its ends, for all the pods that its workloads have."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, NamedTuple, assert_never

from advisor.policies.observed import ObservedEdge
from advisor.policies.world import Aspect, World, pods_of
from schemas.records import ApiServerPeer, ExternalPeer, NodePeer, Peer, UnresolvedPeer, WorkloadPeer
from synthesizer.evaluator.decide import egress, ingress, isolating
from synthesizer.evaluator.mentions import label_keys, port_names
from synthesizer.evaluator.model import Connection, End, Outside, Pod, PodPort, Policy, Way
from synthesizer.evaluator.uses import Use, uses

_NOBODY: Final = Outside("192.0.2.0")
"""Stands for an end that is not known; only rules for anyone are asked about it (RFC 5737: an address for examples)."""
_CANDIDATE: Final = "but another workload of the same Service may have been the server"


class Outcome(Enum):
    """What becomes of a connection, at one end or as a whole; the better first."""

    ADMITTED = "admitted"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Side:
    """What the policies at one end say.

    Attributes:
        outcome: Admitted only if it is for each of the pods.
        policies: Namespace and name of the policy that admits, or of all that isolate the pod if none of them does.
        rule: The deciding rule, why none admits, or why no policy decides.
    """

    outcome: Outcome
    policies: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """An observed edge and the verdict at both of its ends.

    Attributes:
        edge: The edge.
        egress: At the client's end.
        ingress: At the server's end.
    """

    edge: ObservedEdge
    egress: Side
    ingress: Side

    @property
    def outcome(self) -> Outcome:
        """Of both together: whoever refuses decides."""
        return _worst((self.egress, self.ingress)).outcome


class RuleKey(NamedTuple):
    """A rule among all policies: the policy, and the index in its section."""

    namespace: str
    policy: str
    way: Way
    rule: int


class Judge:
    """Policies, and the pods that are asked about.

    Attributes:
        used: The rules that admitted something, and indices of the peers and ports that did.
    """

    def __init__(self, policies: Iterable[Policy], world: World) -> None:
        known = tuple(policies)
        self.used: dict[RuleKey, tuple[set[int], set[int]]] = {}
        self._world = world
        self._aspect = Aspect(label_keys(known), port_names(known))
        self._policies: Mapping[str, list[Policy]] = defaultdict(list)
        for policy in known:
            self._policies[policy.namespace].append(policy)

    def judged(self, edge: ObservedEdge) -> Judged:
        """The verdicts at both ends."""
        if not edge.known_role:
            unsure = Side(Outcome.UNKNOWN, rule="it is not known which end was the client")
            return Judged(edge, unsure, unsure)
        if isinstance(edge.client, NodePeer) and edge.client.own:
            always = Side(Outcome.ADMITTED, rule="a pod's own node is always let in")
            return Judged(edge, always, always)
        asked = tuple(
            Connection(client, server, edge.protocol, edge.port)
            for client in self._ends(edge.client, "client") or (_NOBODY,)
            for server in _listening(self._ends(edge.server, "server"), edge) or (_NOBODY,)
        )
        return Judged(edge, self._side(asked, "egress", edge), self._side(asked, "ingress", edge))

    def _ends(self, peer: Peer, name: str) -> tuple[End, ...]:
        match peer:
            case WorkloadPeer(workload):
                return () if workload.host_network else pods_of(self._world, workload, self._aspect, name)
            case ExternalPeer(address) | NodePeer(address=address) | ApiServerPeer(address):
                return (Outside(address),)
            case UnresolvedPeer():
                return ()
            case _:
                assert_never(peer)

    def _side(self, asked: tuple[Connection, ...], way: Way, edge: ObservedEdge) -> Side:
        own, peer = (edge.client, edge.server) if way == "egress" else (edge.server, edge.client)
        unknown = why_unknown(peer)
        if isinstance(own, UnresolvedPeer):
            return Side(Outcome.UNKNOWN, rule=why_unknown(own))
        sides = [self._half(one, way, unknown) if unknown else self._whole(one, way, edge) for one in asked]
        worst = _worst(sides)
        if worst.outcome is Outcome.REFUSED and edge.candidate:
            return replace(worst, outcome=Outcome.UNKNOWN, rule=f"{worst.rule}, {_CANDIDATE}")
        alike = sum(side.outcome is worst.outcome for side in sides)
        if alike == len(sides):
            return worst
        return replace(worst, rule=f"{worst.rule} (for {alike} of {len(sides)} kinds of pods)")

    def _whole(self, connection: Connection, way: Way, edge: ObservedEdge) -> Side:
        """Both ends are known, but for the names of ports if no pod of the server is."""
        side = self._told(connection, way)
        if side.outcome is Outcome.ADMITTED or not self._aspect.ports or not self._is_guessed(edge.server):
            return side
        ports = tuple(PodPort(name, edge.protocol, edge.port) for name in sorted(self._aspect.ports))
        named = replace(connection.server, ports=ports) if isinstance(connection.server, Pod) else connection.server
        if self._told(replace(connection, server=named), way).outcome is Outcome.REFUSED:
            return side
        return Side(Outcome.UNKNOWN, side.policies, "a rule names a port, and only the server's pods know its number")

    def _is_guessed(self, peer: Peer) -> bool:
        return isinstance(peer, WorkloadPeer) and not self._world.pods.get(peer.workload.ref)

    def _told(self, connection: Connection, way: Way) -> Side:
        policies = self._of(connection, way)
        verdict = (egress if way == "egress" else ingress)(policies, connection, self._world.namespaces)
        found = uses(policies, connection, way, self._world.namespaces)
        for use in found:
            self._note(use)
        if not verdict.allowed:
            return Side(Outcome.REFUSED, _isolated_by(policies, connection, way), verdict.rule)
        return Side(Outcome.ADMITTED, tuple(f"{use.namespace}/{use.policy}" for use in found[:1]), verdict.rule)

    def _half(self, connection: Connection, way: Way, why: str) -> Side:
        """The other end is not known: only a rule for anyone can admit it."""
        policies = self._of(connection, way)
        for use in uses(policies, connection, way, self._world.namespaces):
            if not use.peers:
                self._note(use)
                return Side(Outcome.ADMITTED, (f"{use.namespace}/{use.policy}",), f"{way}[{use.rule}]")
        found = _isolated_by(policies, connection, way)
        if found:
            return Side(Outcome.UNKNOWN, found, why)
        return Side(Outcome.ADMITTED, rule=f"no policy isolates its {way}")

    def _of(self, connection: Connection, way: Way) -> list[Policy]:
        pod = _own(connection, way)
        return self._policies.get(pod.namespace, []) if isinstance(pod, Pod) else []

    def _note(self, use: Use) -> None:
        key = RuleKey(use.namespace, use.policy, use.way, use.rule)
        peers, ports = self.used.setdefault(key, (set(), set()))
        peers.update(use.peers)
        ports.update(use.ports)


def why_unknown(peer: Peer) -> str:
    """Why no rule can be asked about the peer; empty if it can be."""
    match peer:
        case WorkloadPeer(workload):
            return f"{workload.ref} is on its nodes' network" if workload.host_network else ""
        case UnresolvedPeer(address):
            return f"nobody was known to hold {address}"
        case ExternalPeer() | NodePeer() | ApiServerPeer():
            return ""
        case _:
            assert_never(peer)


def _own(connection: Connection, way: Way) -> End:
    return connection.client if way == "egress" else connection.server


def _isolated_by(policies: Iterable[Policy], connection: Connection, way: Way) -> tuple[str, ...]:
    pod = _own(connection, way)
    found = isolating(policies, pod, way) if isinstance(pod, Pod) else []
    return tuple(f"{policy.namespace}/{policy.name}" for policy, _ in found)


def _listening(servers: tuple[End, ...], edge: ObservedEdge) -> tuple[End, ...]:
    """The pods that declare the very port, if there are some: the others were hardly the ones that were reached."""
    declared = (edge.protocol, edge.port)
    found = tuple(
        server
        for server in servers
        if isinstance(server, Pod) and declared in {(port.protocol, port.number) for port in server.ports}
    )
    return found or servers


def _worst(sides: Iterable[Side]) -> Side:
    return max(sides, key=lambda side: list(Outcome).index(side.outcome))
