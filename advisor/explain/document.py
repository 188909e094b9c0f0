"""An explanation for programs."""

from dataclasses import asdict
from typing import Any

from advisor.explain.rules import Explanation, RuleEvidence, Seen
from advisor.explain.words import peers_of, ports_of
from advisor.recorded.enriched_text import peer_object, workload_object
from advisor.recorded.fields import iso
from schemas.records import ExternalPeer, Millis
from synthesizer.peers import span_of


def document_of(explanation: Explanation) -> dict[str, Any]:
    """Plain values; times in UTC."""
    suggestion = explanation.suggestion
    coverage = suggestion.coverage
    return {
        "cluster": suggestion.cluster,
        "workload": workload_object(suggestion.workload, "kind"),
        "policy": suggestion.policy_name if suggestion.policy else None,
        "reason": suggestion.reason,
        "revision": suggestion.revision,
        "first_window": iso(suggestion.first_window),
        "last_window": iso(suggestion.last_window),
        "proof": asdict(suggestion.proof),
        "coverage": {
            "windows": coverage.windows,
            "incomplete_windows": coverage.incomplete_windows,
            "new_edge_probability": coverage.new_edge_probability,
            "unseen_share": coverage.unseen_share,
            "sentence": coverage.sentence,
        },
        "warnings": list(suggestion.warnings),
        "generalisations": list(suggestion.generalisations),
        "rules": [_rule(rule) for rule in explanation.rules],
        "without_rule": [{**_edge(one.seen), "why": one.why} for one in explanation.without_rule],
    }


def _rule(rule: RuleEvidence) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "peers": list(peers_of(rule.rule)),
        "ports": list(ports_of(rule.rule)),
        "first_seen": _time(rule.first_seen),
        "last_seen": _time(rule.last_seen),
        "count": rule.count,
        "nodes": list(rule.nodes),
        "beyond": list(rule.beyond),
        "edges": [_edge(one) for one in rule.seen],
    }


def _edge(seen: Seen) -> dict[str, Any]:
    edge = seen.edge
    prefix = {"prefix": str(span_of(edge.peer))} if isinstance(edge.peer, ExternalPeer) and edge.peer.bits else {}
    services = [{"namespace": one.namespace, "name": one.name, "port": one.port} for one in edge.services]
    return {
        "role": edge.role.value.lower(),
        "peer": {**peer_object(edge.peer), **prefix},
        "protocol": edge.protocol.value,
        "port": edge.port,
        "count": edge.total_count,
        "windows": edge.total_windows,
        "attempts": edge.attempts,
        "first_seen": iso(edge.first_seen),
        "last_seen": iso(edge.last_seen),
        "ends": seen.ends,
        "doubts": list(seen.doubts),
        "bases": [basis.value for basis in edge.bases],
        "services": services,
        "nodes": list(seen.nodes),
    }


def _time(moment: Millis | None) -> str | None:
    return None if moment is None else iso(moment)
