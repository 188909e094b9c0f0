"""Evidence to plain rules: one grant for each edge, what goes beyond them, and what a person should know."""

from collections.abc import Iterable

from schemas.records import ExternalPeer, Protocol, Workload
from synthesizer.evidence import Evidence, current_workloads, established_edges
from synthesizer.inference import outside, refusal, targets, warn
from synthesizer.inference.model import AnyPeer, Direction, Generalisation, Grant, Inferred, Port
from synthesizer.inference.wants import Want, wants_of
from synthesizer.inference.words import dns_beside
from synthesizer.options import Isolation, Options
from synthesizer.scope import Scope, scope_of


def infer(evidence: Evidence, options: Options) -> Inferred:
    """What a policy for the workload has to admit."""
    edges = established_edges(evidence)
    expressible = tuple(edge for edge in edges if scope_of(edge, options) is Scope.RULE)
    warnings = warn.of_edges(edges, options)
    reason = refusal.reason_of(evidence.workload, edges, expressible)
    if reason:
        return Inferred(reason=reason, warnings=warnings)
    grants, beyond = _granted(evidence.workload, wants_of(expressible), options)
    directions = _directions(grants, options)
    silent = warn.of_silence(directions, grants, edges)
    overlap = warn.of_overlap(evidence.workload, current_workloads(evidence).values())
    beyond = (*beyond, *_left_open(directions))
    return Inferred(grants, beyond, tuple(sorted({*warnings, *silent, *overlap})), directions=directions)


def _directions(grants: frozenset[Grant], options: Options) -> tuple[Direction, ...]:
    if options.isolation is Isolation.BOTH:
        return tuple(Direction)
    return tuple(direction for direction in Direction if any(grant.direction is direction for grant in grants))


def _left_open(isolated: Iterable[Direction]) -> Iterable[Generalisation]:
    """A direction that is not isolated admits everything, and that is said."""
    for direction in sorted(set(Direction) - set(isolated), key=lambda one: one.value):
        for protocol in Protocol:
            everything = Grant(direction, AnyPeer(), Port(1, protocol.value, 65535))
            yield Generalisation(everything, f"{direction.value} is not isolated: all of it is admitted")


def _granted(
    subject: Workload, wants: Iterable[Want], options: Options
) -> tuple[frozenset[Grant], tuple[Generalisation, ...]]:
    wants = tuple(wants)
    inside = [(want, _inside(subject, want)) for want in wants if not isinstance(want.peer, ExternalPeer)]
    external = outside.grants_of((want for want in wants if isinstance(want.peer, ExternalPeer)), options)
    seen = {grant for want, grant in inside if not want.assumed} | external.seen
    assumed = [Generalisation(grant, dns_beside(want)) for want, grant in inside if want.assumed]
    beyond = {one for one in (*assumed, *external.beyond) if one.grant not in seen}
    ordered = sorted(beyond, key=lambda one: (one.text, str(one.grant)))
    return frozenset(seen | {one.grant for one in beyond}), tuple(ordered)


def _inside(subject: Workload, want: Want) -> Grant:
    return Grant(want.direction, targets.target_of(subject, want.peer), want.port)
