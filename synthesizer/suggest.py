"""Evidence to suggestion: infer, simplify, render, prove, and say how sure it is. Pure."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from schemas.records import EdgeEvidence, PolicySuggestion, Proof
from synthesizer.coverage import coverage_of
from synthesizer.evaluator.reader import BadPolicy
from synthesizer.evidence import Evidence, edge_order, established_edges
from synthesizer.inference.infer import infer
from synthesizer.inference.model import Generalisation
from synthesizer.options import Options
from synthesizer.proof import flaw_of, prove
from synthesizer.render import PolicyForm, render
from synthesizer.scope import Scope, scope_of
from synthesizer.simplify import simplify

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy that nobody has proved yet.

    Attributes:
        policy: As YAML; empty if there is none.
        reason: Why there is none.
        warnings: Sorted.
        generalisations: What it admits beyond the observed.
        proof: Filled in by `proved`.
    """

    policy: str = ""
    reason: str = ""
    warnings: tuple[str, ...] = ()
    generalisations: tuple[Generalisation, ...] = ()
    proof: Proof = field(default_factory=Proof)


def suggest(
    evidence: Evidence, options: Options, name: str, previous: PolicySuggestion | None = None
) -> PolicySuggestion:
    """The suggestion for a workload.

    Args:
        evidence: All that is known of it.
        options: How evidence becomes rules.
        name: metadata.name of its policy, see `synthesizer.names`.
        previous: The last suggestion; the revision grows only if a person would notice a difference.
    """
    draft = draft_of(evidence, options, name)
    if previous is not None and _proved_before(draft, evidence, previous):
        draft = replace(draft, proof=previous.proof)
    else:
        draft = proved(draft, evidence, options)
    suggestion = PolicySuggestion(
        cluster=evidence.cluster,
        workload=evidence.workload,
        revision=1,
        policy_name=name,
        policy=draft.policy,
        reason=draft.reason,
        warnings=draft.warnings,
        generalisations=_texts(draft.generalisations),
        proof=draft.proof,
        coverage=coverage_of(evidence),
        evidence=tuple(sorted(evidence.edges.values(), key=edge_order)),
        first_window=evidence.first_window,
        last_window=evidence.last_window,
        windows=evidence.windows,
        recent_windows=evidence.recent_windows,
        incomplete_windows=evidence.incomplete_windows,
    )
    return replace(suggestion, revision=_revision(suggestion, previous))


def draft_of(evidence: Evidence, options: Options, name: str) -> Draft:
    """The policy, not yet proved."""
    inferred = infer(evidence, options)
    if inferred.reason:
        return Draft(reason=inferred.reason, warnings=inferred.warnings)
    rules = tuple((direction, simplify(inferred.grants, direction)) for direction in inferred.directions)
    text = render(PolicyForm(name, evidence.workload, rules))
    return Draft(text, "", inferred.warnings, inferred.generalisations)


def proved(draft: Draft, evidence: Evidence, options: Options) -> Draft:
    """The draft with its proof; one that fails is turned into a reason, and never leaves as a policy."""
    if not draft.policy:
        return draft
    edges = [edge for edge in established_edges(evidence) if scope_of(edge, options) is Scope.RULE]
    try:
        proof = prove(evidence.workload, edges, draft.generalisations, draft.policy)
        flaw = flaw_of(proof)
    except BadPolicy as error:
        proof, flaw = Proof(observed=len(edges)), f"the policy is not valid: {error}"
    if not flaw:
        return replace(draft, proof=proof)
    _log.error("a defect of the inference, please report it: %s: %s", evidence.workload.ref, flaw)
    return Draft(reason=f"a defect of this program: {flaw}", warnings=draft.warnings, proof=proof)


def _proved_before(draft: Draft, evidence: Evidence, previous: PolicySuggestion) -> bool:
    """Whether the same policy was held against the same edges; counts and times play no part in a proof."""
    if (draft.policy, _texts(draft.generalisations)) != (previous.policy, previous.generalisations):
        return False
    return evidence.workload == previous.workload and _claims(evidence.edges.values()) == _claims(previous.evidence)


def _claims(edges: Iterable[EdgeEvidence]) -> frozenset[tuple[object, ...]]:
    return frozenset(
        (edge.role, edge.peer, edge.protocol, edge.port, edge.established, edge.services) for edge in edges
    )


def _texts(generalisations: Iterable[Generalisation]) -> tuple[str, ...]:
    return tuple(sorted({one.text for one in generalisations}))


def _revision(suggestion: PolicySuggestion, previous: PolicySuggestion | None) -> int:
    if previous is None:
        return 1
    return previous.revision + (_noticed(suggestion) != _noticed(previous))


def _noticed(suggestion: PolicySuggestion) -> tuple[object, ...]:
    texts = (suggestion.policy_name, suggestion.policy, suggestion.reason)
    return (*texts, suggestion.warnings, suggestion.generalisations)
