"""A verification as tables for a person, and as one document for a program."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from rich.table import Table

from advisor.explain.words import rule_in_words
from advisor.policies.judge import Judged, Outcome, Side
from advisor.policies.model import PolicySet
from advisor.policies.observed import Observations, ObservedEdge
from advisor.policies.tables import plain_table
from advisor.policies.verification import Unused, Verification
from schemas.records import Millis
from synthesizer.peers import spoken

_SHOWN: Final = 200
_MARK: Final = {Outcome.ADMITTED: "", Outcome.REFUSED: "REFUSED by ", Outcome.UNKNOWN: "? "}


def parts_of(found: Verification, observations: Observations) -> Iterator[Table | str]:
    """What a person reads, part by part."""
    yield _summary(found, observations)
    if refused := found.of(Outcome.REFUSED):
        yield from _part_of("Would break", _edges(refused), len(refused))
    if unknown := found.of(Outcome.UNKNOWN):
        yield from _part_of("Cannot be told", _edges(unknown), len(unknown))
    if found.unused:
        yield from _part_of("Never used", _unused(found.unused), len(found.unused))
    if found.idle:
        yield f"\nSelect no pod that is known: {', '.join(one.name for one in found.idle)}"


def document_of(found: Verification, observations: Observations) -> dict[str, Any]:
    """The same, whole, for a program."""
    outcomes = {outcome.value: len(found.of(outcome)) for outcome in Outcome}
    return {
        "breaks": bool(found.of(Outcome.REFUSED)),
        "edges": {"observed": len(found.judged), **outcomes, "only_tried": observations.tried},
        "refused": [_edge(one) for one in found.of(Outcome.REFUSED)],
        "unknown": [_edge(one) for one in found.of(Outcome.UNKNOWN)],
        "unused": [_part(one) for one in found.unused],
        "selecting_nothing": [{"policy": one.name, "place": one.place} for one in found.idle],
        "asking_for_what_is_not_known": [{"policy": one.name, "place": one.place} for one in found.blind],
    }


def notes_of(found: Verification, policies: PolicySet, observations: Observations) -> Iterator[str]:
    """What a person should know beside the result, a sentence each."""
    yield from (*observations.notes, *policies.notes)
    if not policies.stored:
        yield f"no NetworkPolicy in {policies.source}: nothing is isolated, and everything admitted"
    if observations.unusable:
        yield f"{observations.unusable} windows cannot be used and are left out"
    if found.blind:
        names = ", ".join(one.name for one in found.blind)
        yield f"only the labels and ports of pods and namespaces tell whom these mean; --objects would know: {names}"


def _summary(found: Verification, observations: Observations) -> str:
    counts = {outcome: found.of(outcome) for outcome in Outcome}
    connections = {outcome: sum(one.edge.connections for one in edges) for outcome, edges in counts.items()}
    words = {Outcome.ADMITTED: "admitted", Outcome.REFUSED: "refused", Outcome.UNKNOWN: "cannot be told"}
    each = ", ".join(
        f"{len(edges):,} {words[outcome]} ({connections[outcome]:,})"
        for outcome, edges in counts.items()
        if edges or outcome is not Outcome.UNKNOWN
    )
    tried = f"; {observations.tried:,} only tried, not judged" if observations.tried else ""
    return f"observed edges (connections): {len(found.judged):,} ({sum(connections.values()):,}): {each}{tried}"


def _edges(edges: tuple[Judged, ...]) -> Table:
    table = plain_table("client", "server", "port", "connections", "last seen", "egress", "ingress")
    table.columns[3].justify = "right"
    for one in edges[:_SHOWN]:
        edge = one.edge
        ends = (spoken(edge.client), spoken(edge.server), port_of(edge))
        table.add_row(*ends, f"{edge.connections:,}", moment(edge.last_seen), _side(one.egress), _side(one.ingress))
    return table


def verdict_of(one: Judged) -> str:
    """The verdict of the end that decides."""
    if one.outcome is Outcome.ADMITTED:
        return "allowed"
    return "; ".join(_side(side) for side in (one.egress, one.ingress) if side.outcome is one.outcome)


def port_of(edge: ObservedEdge) -> str:
    """Protocol and port."""
    return f"{edge.protocol.value} {edge.port}"


def _side(side: Side) -> str:
    return f"{_MARK[side.outcome]}{', '.join(side.policies)}{': ' if side.policies else ''}{side.rule}"


def _unused(parts: tuple[Unused, ...]) -> Table:
    table = plain_table("policy", "rule", "it admits connections")
    for one in parts[:_SHOWN]:
        table.add_row(one.stored.name, one.path, rule_in_words(one.way, one.meaning))
    return table


def _part_of(title: str, table: Table, count: int) -> Iterator[Table | str]:
    yield f"\n{title}:"
    yield table
    if count > _SHOWN:
        yield f"and {count - _SHOWN:,} more; -o json has all of them"


def _edge(one: Judged) -> dict[str, Any]:
    edge = one.edge
    return {
        "client": spoken(edge.client),
        "server": spoken(edge.server),
        "protocol": edge.protocol.value,
        "port": edge.port,
        "connections": edge.connections,
        "first_seen": moment(edge.first_seen),
        "last_seen": moment(edge.last_seen),
        "seen_by": sorted(edge.seen_by),
        "egress": _verdict(one.egress),
        "ingress": _verdict(one.ingress),
    }


def _verdict(side: Side) -> dict[str, Any]:
    return {"outcome": side.outcome.value, "policies": list(side.policies), "rule": side.rule}


def _part(one: Unused) -> dict[str, Any]:
    return {
        "policy": one.stored.name,
        "place": one.stored.place,
        "rule": one.path,
        "admits": rule_in_words(one.way, one.meaning),
    }


def moment(millis: Millis) -> str:
    """The time in UTC to the second; nothing for 0."""
    return datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if millis else ""
