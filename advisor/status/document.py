"""The status for programs."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from advisor.recorded.fields import iso
from advisor.status.rows import Row
from advisor.suggestions.lag import GroupLag
from schemas.records import Millis, PolicySuggestion


def document_of(cluster: str, now: Millis, rows: Iterable[Row], groups: Iterable[GroupLag]) -> dict[str, Any]:
    """Plain values; times in UTC, ages in seconds."""
    return {
        "cluster": cluster,
        "at": iso(now),
        "workloads": [_workload(row, now) for row in rows],
        "groups": [_group(group) for group in groups],
    }


def _workload(row: Row, now: Millis) -> dict[str, Any]:
    return {
        "namespace": row.ref.namespace,
        "kind": row.ref.kind,
        "name": row.ref.name,
        **(_suggestion(row.suggestion, now) if row.suggestion is not None else {"policy": None}),
        "reason": row.reason,
        "lately": {
            "windows": len(row.windows),
            "incomplete_windows": len(row.incomplete),
            "incomplete_because": list(row.because),
            "nodes": list(row.nodes),
        },
    }


def _suggestion(suggestion: PolicySuggestion, now: Millis) -> dict[str, Any]:
    coverage = suggestion.coverage
    return {
        "policy": suggestion.policy_name if suggestion.policy else None,
        "revision": suggestion.revision,
        "warnings": len(suggestion.warnings),
        "generalisations": len(suggestion.generalisations),
        "proof": asdict(suggestion.proof),
        "coverage": {
            "windows": coverage.windows,
            "incomplete_windows": coverage.incomplete_windows,
            "sightings": coverage.sightings,
            "edges_seen_once": coverage.edges_seen_once,
            "new_edge_probability": coverage.new_edge_probability,
            "unseen_share": coverage.unseen_share,
            "sentence": coverage.sentence,
        },
        "first_window": iso(suggestion.first_window),
        "last_window": iso(suggestion.last_window),
        "age_s": max(0, now - suggestion.first_window) / 1000,
        "quiet_s": max(0, now - suggestion.last_window) / 1000,
    }


def _group(group: GroupLag) -> dict[str, Any]:
    topics = [{"topic": one.topic, "lag": one.records, "untouched_partitions": one.untouched} for one in group.topics]
    return {"program": group.program, "group": group.group, "members": group.members, "topics": topics}
