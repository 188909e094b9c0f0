"""Which observed edges each rule of a suggestion admits, judged by the evaluator; and why other edges have no rule."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from schemas.records import EdgeEvidence, Millis, PolicySuggestion, Protocol, WorkloadWindow
from synthesizer.evaluator.match import names_peer, names_port
from synthesizer.evaluator.model import Connection, End, Outside, Pod, Policy, PolicyRule
from synthesizer.evaluator.reader import read_policies
from synthesizer.evidence import edge_order, established_edges, evidence_of, key_of
from synthesizer.inference.infer import infer
from synthesizer.inference.model import AnyPeer, BlockPeer, Direction, Generalisation, Grant, PodsPeer, direction_of
from synthesizer.options import Isolation, Options
from synthesizer.proof import connection_of
from synthesizer.scope import Scope, scope_of


@dataclass(frozen=True, slots=True)
class Seen:
    """An observed edge.

    Attributes:
        edge: What is known of it.
        nodes: Nodes that reported in those windows, written lately, in which it was seen; sorted.
    """

    edge: EdgeEvidence
    nodes: tuple[str, ...] = ()

    @property
    def ends(self) -> str:
        """Which ends reported it."""
        match self.edge.seen_by_client, self.edge.seen_by_server:
            case True, True:
                return "both"
            case True, False:
                return "client"
            case False, True:
                return "server"
            case _:
                return "unknown"

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is in doubt of it, by the evidence's own names; the suggestion's warnings say each in a sentence."""
        edge = self.edge
        unconfirmed = edge.unconfirmed and not (edge.seen_by_client and edge.seen_by_server)
        known = {"shared": edge.shared, "hidden_client": edge.hidden_client, "unconfirmed": unconfirmed}
        return tuple(name for name, holds in known.items() if holds)


@dataclass(frozen=True, slots=True)
class RuleEvidence:
    """A rule, and what it rests on.

    Attributes:
        way: `ingress` or `egress`.
        index: Its place there.
        rule: What it says.
        seen: Observed edges that it admits.
        beyond: What it admits beyond them: those of the suggestion's generalisations that speak of it.
    """

    way: str
    index: int
    rule: PolicyRule
    seen: tuple[Seen, ...]
    beyond: tuple[str, ...]

    @property
    def name(self) -> str:
        """As a verdict names it."""
        return f"{self.way}[{self.index}]"

    @property
    def count(self) -> int:
        """Connections of all of its edges."""
        return sum(one.edge.total_count for one in self.seen)

    @property
    def first_seen(self) -> Millis | None:
        """Of all of its edges; None if there is none."""
        return min((one.edge.first_seen for one in self.seen), default=None)

    @property
    def last_seen(self) -> Millis | None:
        """Likewise."""
        return max((one.edge.last_seen for one in self.seen), default=None)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Of all of its edges."""
        return tuple(sorted({node for one in self.seen for node in one.nodes}))


@dataclass(frozen=True, slots=True)
class WithoutRule:
    """An edge that no rule admits.

    Attributes:
        seen: The edge.
        why: One sentence, or a part of one.
    """

    seen: Seen
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of a suggestion.

    Attributes:
        suggestion: The suggestion.
        rules: Its rules, ingress first; empty if it has no policy.
        without_rule: Every other edge.
    """

    suggestion: PolicySuggestion
    rules: tuple[RuleEvidence, ...]
    without_rule: tuple[WithoutRule, ...]


def explain(suggestion: PolicySuggestion, windows: Sequence[WorkloadWindow] = ()) -> Explanation:
    """The suggestion's rules with their evidence.

    Args:
        suggestion: The suggestion.
        windows: Windows of the workload; they alone tell of nodes.
    """
    edges = established_edges(evidence_of(suggestion))
    seen = [Seen(edge, _nodes(edge, windows)) for edge in edges]
    policies = read_policies(suggestion.policy) if suggestion.policy else ()
    stated = _stated(suggestion, policies)
    rules = tuple(
        RuleEvidence(
            way, index, rule, _admitted(suggestion, policy, rule, way, seen), _beyond(policy, rule, way, stated)
        )
        for policy in policies
        for way, found in (("ingress", policy.ingress), ("egress", policy.egress))
        for index, rule in enumerate(found or ())
    )
    admitted = {key_of(one.edge) for rule in rules for one in rule.seen}
    left = [WithoutRule(one, _why(one.edge)) for one in seen if key_of(one.edge) not in admitted]
    tried = [edge for edge in sorted(suggestion.evidence, key=edge_order) if not edge.established]
    attempts = [WithoutRule(Seen(edge, _nodes(edge, windows)), "only tried, never established") for edge in tried]
    return Explanation(suggestion, rules, (*left, *attempts))


def _nodes(edge: EdgeEvidence, windows: Iterable[WorkloadWindow]) -> tuple[str, ...]:
    key = key_of(edge)
    found = [window for window in windows if any(key_of(one) == key for one in window.edges)]
    return tuple(sorted({source.node for window in found for source in window.sources}))


def _admitted(
    suggestion: PolicySuggestion, policy: Policy, rule: PolicyRule, way: str, seen: Iterable[Seen]
) -> tuple[Seen, ...]:
    return tuple(one for one in seen if _admits(suggestion, policy, rule, way, one.edge))


def _admits(suggestion: PolicySuggestion, policy: Policy, rule: PolicyRule, way: str, edge: EdgeEvidence) -> bool:
    try:
        wrong_way = direction_of(edge.role).value != way
        connection = connection_of(suggestion.workload, edge)
    except ValueError:  # its role is not known, or it has no other end that a rule could name
        return False
    return not wrong_way and _names(policy, rule, way, connection)


def _names(policy: Policy, rule: PolicyRule, way: str, connection: Connection) -> bool:
    peer = connection.client if way == "ingress" else connection.server
    return names_port(rule, connection) and names_peer(rule, peer, policy.namespace, {})


def _why(edge: EdgeEvidence) -> str:
    scope = scope_of(edge, Options())
    return "no rule admits it, see the warnings" if scope is Scope.RULE else scope.value


def _stated(suggestion: PolicySuggestion, policies: Sequence[Policy]) -> tuple[Generalisation, ...]:
    """The suggestion's generalisations with what each grants.

    The suggestion holds their sentences; inferring again gives the grants, of which those with its sentences are its
    own. Of options that are not known here, such as the cluster's ranges, a sentence may be left without a grant.
    """
    both = all(policy.ingress is not None and policy.egress is not None for policy in policies)
    inferred = infer(evidence_of(suggestion), Options(Isolation.BOTH if both else Isolation.OBSERVED))
    return tuple(one for one in inferred.generalisations if one.text in suggestion.generalisations)


def _beyond(policy: Policy, rule: PolicyRule, way: str, stated: Iterable[Generalisation]) -> tuple[str, ...]:
    texts = {one.text for one in stated if any(_names(policy, rule, way, tried) for tried in _examples(one.grant, way))}
    return tuple(sorted(texts))


def _examples(grant: Grant, way: str) -> Iterator[Connection]:
    """A connection that the grant is for, if it is for one of this direction."""
    end = _end(grant)
    if end is None or grant.direction.value != way:
        return
    own, protocol = Pod("", "subject", ()), Protocol(grant.port.protocol)
    incoming = grant.direction is Direction.INGRESS
    yield Connection(end if incoming else own, own if incoming else end, protocol, grant.port.number)


def _end(grant: Grant) -> End | None:
    match grant.peer:
        case PodsPeer(namespace, labels):
            return Pod(namespace, "peer", labels)
        case BlockPeer(cidr, excepted):
            return _first_address(cidr, excepted)
        case AnyPeer():
            return None


def _first_address(cidr: str, excepted: Sequence[str]) -> Outside:
    """The first that is not left out."""
    left_out = [ip_network(one) for one in excepted]
    address = ip_network(cidr).network_address
    while holder := next((network for network in left_out if address in network), None):
        address = ip_address(int(holder.broadcast_address) + 1)
    return Outside(str(address))
