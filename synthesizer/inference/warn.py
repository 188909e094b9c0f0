"""What a person should know before applying a policy: edges without a rule, and rules that may not last."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, assert_never

from schemas.records import (
    ApiServerPeer,
    EdgeEvidence,
    ExternalPeer,
    NodePeer,
    Protocol,
    Role,
    UnresolvedPeer,
    Workload,
    WorkloadPeer,
)
from synthesizer.addresses import METADATA, PRIVATE, parse_address, within
from synthesizer.inference import doubts
from synthesizer.inference.model import Direction, Grant
from synthesizer.inference.ports import is_dns
from synthesizer.options import Options
from synthesizer.peers import spoken_edge, way_of
from synthesizer.scope import Scope, scope_of

_NO_DNS: Final = "no DNS was seen: with this policy alone, names would not resolve"


def of_edges(edges: Iterable[EdgeEvidence], options: Options) -> tuple[str, ...]:
    """What the edges give cause to say, sorted."""
    by_scope: dict[Scope, list[EdgeEvidence]] = defaultdict(list)
    for edge in edges:
        by_scope[scope_of(edge, options)].append(edge)
    texts = {text for scope, found in by_scope.items() for text in _of_scope(scope, found)}
    return tuple(sorted(texts))


def of_overlap(subject: Workload, known: Iterable[Workload]) -> tuple[str, ...]:
    """Other workloads whose pods the subject's selector takes too, as far as they are known."""
    also = sorted(
        str(other.ref)
        for other in known
        if other.ref != subject.ref
        and other.namespace == subject.namespace
        and set(subject.selector) <= set(other.selector)
    )
    if not also or not subject.selector:
        return ()
    return (f"its selector also takes pods of {', '.join(also)}: the policy isolates them too",)


def of_silence(
    directions: Iterable[Direction], grants: frozenset[Grant], edges: Sequence[EdgeEvidence]
) -> tuple[str, ...]:
    """Directions that the policy isolates and in which it admits nothing, or everything but the names."""
    granted = {direction: [grant for grant in grants if grant.direction is direction] for direction in directions}
    silent = tuple(_silence(direction, edges) for direction, found in granted.items() if not found)
    egress = granted.get(Direction.EGRESS)
    return (
        (*silent, _NO_DNS)
        if egress and not any(edge.role is Role.CLIENT and is_dns(edge) for edge in edges)
        else silent
    )


def _silence(direction: Direction, edges: Sequence[EdgeEvidence]) -> str:
    role = Role.SERVER if direction is Direction.INGRESS else Role.CLIENT
    word = direction.value
    if any(edge.role is role for edge in edges):
        return f"no {word} was seen that needs a rule: all {word} but the pod's own node's would be refused"
    dns = ", DNS too" if direction is Direction.EGRESS else ""
    return f"no {word} was seen: all {word} would be refused{dns}"


def _of_scope(scope: Scope, edges: list[EdgeEvidence]) -> Iterable[str]:
    match scope:
        case Scope.RULE:
            return _fragile(edges)
        case Scope.OWN_NODE:
            return ()
        case Scope.UNRESOLVED | Scope.ROLE_UNKNOWN:
            return [_uncounted(scope, edges)]
        case Scope.NO_LABELS | Scope.HOST_NETWORK | Scope.METADATA | Scope.CLUSTER_RANGE:
            return [f"{spoken_edge(edge)} has no rule and would be refused: {scope.value}" for edge in edges]
        case _:
            assert_never(scope)


def _uncounted(scope: Scope, edges: list[EdgeEvidence]) -> str:
    ways = Counter(way_of(edge) for edge in edges)
    named = ", ".join(f"{count} {way}" for way, count in sorted(ways.items()))
    return f"edges without a rule, which would be refused: {named} ({scope.value})"


def _fragile(edges: Iterable[EdgeEvidence]) -> Iterable[str]:
    for edge in edges:
        match edge.peer:
            case NodePeer():
                yield (
                    f"{spoken_edge(edge)} is admitted by the node's address: it covers every pod on that node's "
                    "network, changes with the node, and some network plugins ignore an ipBlock of a node"
                )
            case ApiServerPeer():
                yield (
                    f"{spoken_edge(edge)} is admitted by the endpoint's address: it changes with the control plane, "
                    "and some network plugins want an entity instead (Cilium: kube-apiserver)"
                )
            case ExternalPeer(address) if parse_address(address) in METADATA:
                yield f"{spoken_edge(edge)} is admitted: the metadata address hands out credentials"
            case ExternalPeer(address) if within(parse_address(address), PRIVATE):
                yield (
                    "private or link-local addresses outside the known pod and Service ranges are taken for hosts "
                    "outside the cluster: check that they are no pods"
                )
            case ExternalPeer() | WorkloadPeer() | UnresolvedPeer():
                pass
            case _:
                assert_never(edge.peer)
        if edge.protocol is Protocol.SCTP:
            yield "SCTP needs a network plugin that supports it"
        yield from doubts.of_edge(edge)
