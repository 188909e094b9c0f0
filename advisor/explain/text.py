"""An explanation for a person: sentences, and a table for each rule."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich import box
from rich.console import RenderableType
from rich.table import Table

from advisor.explain.rules import Explanation, RuleEvidence, Seen, WithoutRule
from advisor.explain.words import rule_in_words
from advisor.recorded.fields import iso
from advisor.suggestions.words import proof_of
from schemas.records import Millis, Role
from synthesizer.peers import spoken

_HEADINGS: Final = ("peer", "port", "by Service", "count", "windows", "first seen", "last seen", "ends", "nodes lately")
_WHOLE: Final = ("port", "first seen", "last seen")
_NODES: Final = 3
_WAYS: Final = {Role.CLIENT: "to ", Role.SERVER: "from ", Role.UNKNOWN: ""}


def parts_of(explanation: Explanation) -> Iterator[RenderableType]:
    """What to print, one after the other."""
    suggestion = explanation.suggestion
    if suggestion.policy:
        yield f"{suggestion.workload.ref}: {suggestion.policy_name}, revision {suggestion.revision}"
        yield proof_of(suggestion)
    else:
        yield f"{suggestion.workload.ref}: no policy: {suggestion.reason}"
    yield f"{suggestion.coverage.windows} windows seen: {suggestion.coverage.sentence}"
    for rule in explanation.rules:
        yield ""
        yield f"{rule.name} {rule_in_words(rule.way, rule.rule)}"
        yield _rule_table(rule)
        yield from (f"  beyond what was seen: {text}" for text in rule.beyond)
    if explanation.without_rule:
        yield ""
        yield "without a rule"
        yield _table((*_HEADINGS, "why"), (_without(one) for one in explanation.without_rule))
    said = {text for rule in explanation.rules for text in rule.beyond}
    more = [f"generalised: {text}" for text in suggestion.generalisations if text not in said]
    sentences = (*(f"warning: {text}" for text in suggestion.warnings), *more)
    yield from ("", *sentences) if sentences else ()


def _rule_table(rule: RuleEvidence) -> Table:
    return _table(_HEADINGS, (_cells(one) for one in rule.seen))


def _table(headings: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    made = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading in _WHOLE)
    for row in rows:
        made.add_row(*row)
    return made


def _without(one: WithoutRule) -> tuple[str, ...]:
    peer, *rest = _cells(one.seen)
    return (_WAYS[one.seen.edge.role] + peer, *rest, one.why)


def _cells(seen: Seen) -> tuple[str, ...]:
    edge = seen.edge
    return (
        spoken(edge.peer),
        f"{edge.protocol.value} {edge.port}",
        ", ".join(f"{one.namespace}/{one.name}:{one.port}" for one in edge.services) or "-",
        str(edge.total_count) + (f" ({edge.attempts} failed)" if edge.attempts else ""),
        str(edge.total_windows),
        _time(edge.first_seen),
        _time(edge.last_seen),
        ", ".join((seen.ends, *(doubt.replace("_", " ") for doubt in seen.doubts))),
        _nodes(seen.nodes),
    )


def _nodes(nodes: tuple[str, ...]) -> str:
    more = f" and {len(nodes) - _NODES} more" if len(nodes) > _NODES else ""
    return ", ".join(nodes[:_NODES]) + more or "-"


def _time(moment: Millis) -> str:
    """To the second."""
    return iso(moment)[:19] + "Z"
