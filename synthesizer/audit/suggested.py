"""What the suggestion says to an edge that rests on all that was seen before the edge's window began.

The suggestion after the window admits whatever the window shows, so it has nothing to say. What was seen before is
told by the windows' own time (`EdgeEvidence.established_in`), not by the order in which they came: so a window that
comes again, or after a restart, finds the same suggestion.
"""

from dataclasses import dataclass, replace
from typing import Final

from schemas.records import Edge, EdgeEvidence, Millis, Role, Verdict, WorkloadPeer
from synthesizer.evaluator.decide import egress, ingress
from synthesizer.evaluator.model import Policy
from synthesizer.evaluator.reader import BadPolicy, read_policies
from synthesizer.evidence import EdgeKey, Evidence, current_workloads, key_of
from synthesizer.options import Options
from synthesizer.proof import connection_of
from synthesizer.scope import Scope, scope_of
from synthesizer.suggest import draft_of

_NOTHING: Final = "nothing was seen of it before this window"
_OWN_NODE: Final = Verdict(allowed=True, rule=Scope.OWN_NODE.value)


@dataclass(frozen=True, slots=True)
class Before:
    """The suggestion as it was before a window.

    Attributes:
        evidence: What it rests on.
        policies: Its policy; empty if there was none.
        reason: Why there was none.
    """

    evidence: Evidence
    policies: tuple[Policy, ...] = ()
    reason: str = _NOTHING


def known_before(evidence: Evidence, start: Millis) -> dict[EdgeKey, EdgeEvidence]:
    """Edges that were established in a window before the one that begins at `start`."""
    return {key: edge for key, edge in evidence.edges.items() if edge.established and edge.established_in < start}


def before(evidence: Evidence, start: Millis, options: Options, name: str) -> Before:
    """The suggestion before the window that begins at `start`, from evidence that may hold later windows too."""
    earlier = replace(evidence, edges=known_before(evidence, start))
    if not earlier.edges:
        return Before(earlier)
    draft = draft_of(earlier, options, name)
    if not draft.policy:
        return Before(earlier, reason=f"no policy was suggested: {draft.reason}")
    try:
        return Before(earlier, read_policies(draft.policy), "")
    except BadPolicy as error:  # such a suggestion is never published
        return Before(earlier, reason=f"no policy was suggested: {error}")


def suggested(one: Before, edge: Edge, evidence: Evidence, options: Options) -> Verdict:
    """What it says to the edge, with the labels that the peer and the workload have now."""
    if not one.policies:
        return Verdict(allowed=True, rule=one.reason)
    asked = EdgeEvidence(edge.role, edge.peer, edge.protocol, edge.port)
    if isinstance(edge.peer, WorkloadPeer):
        workload = current_workloads(evidence).get(edge.peer.workload.ref, edge.peer.workload)
        asked = replace(asked, peer=WorkloadPeer(workload))
    scope = scope_of(asked, options)
    if scope is Scope.OWN_NODE:
        return _OWN_NODE
    verdict = _judged(one.policies, asked, evidence)
    if scope is Scope.RULE or (verdict.allowed and not verdict.policy):
        return verdict
    return replace(verdict, allowed=False, rule=f"no rule can be written for it: {scope.value}")


def admitted_before(evidence: Evidence, edge: Edge, start: Millis, options: Options) -> bool:
    """Whether it needs no judging: it was seen before, so the suggestion admits it (law 1)."""
    known = evidence.edges.get(key_of(edge))
    if known is None or not known.established or known.established_in >= start:
        return False
    return scope_of(known, options) in (Scope.RULE, Scope.OWN_NODE)


def _judged(policies: tuple[Policy, ...], edge: EdgeEvidence, evidence: Evidence) -> Verdict:
    judge = egress if edge.role is Role.CLIENT else ingress
    return judge(policies, connection_of(evidence.workload, edge))
