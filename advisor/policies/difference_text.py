"""A difference as tables for a person, and as one document for a program."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from rich.table import Table

from advisor.policies.difference import Allowed, Difference, Turned
from advisor.policies.model import PolicySet
from advisor.policies.set_words import ends_words, ports_words
from advisor.policies.tables import plain_table
from advisor.policies.verification_text import moment, port_of, verdict_of
from synthesizer.peers import spoken

_SHOWN: Final = 200
_NAMED: Final = 4


def parts_of(found: Difference, first: PolicySet, second: PolicySet) -> Iterator[Table | str]:
    """What a person reads, part by part."""
    if found.same:
        yield f"{first.source} and {second.source} allow the same"
        return
    yield f"{first.source} and {second.source} differ"
    if found.turned:
        yield f"\nObserved, and allowed by one alone ({len(found.turned):,} edges):"
        yield _turned(found.turned[:_SHOWN], first, second)
    for name, allowed in ((first.source, found.first), (second.source, found.second)):
        if allowed:
            yield f"\nAllowed by {name} alone:"
            yield _allowed(found, allowed[:_SHOWN])
        if len(allowed) > _SHOWN:
            yield f"and {len(allowed) - _SHOWN:,} more; -o json has all of them"


def document_of(found: Difference, first: PolicySet, second: PolicySet) -> dict[str, Any]:
    """The same, whole, for a program."""
    return {
        "same": found.same,
        "complete": found.space.complete,
        "first": first.source,
        "second": second.source,
        "observed": [_turned_object(one) for one in found.turned],
        "allowed_by_first_alone": [_allowed_object(found, one) for one in found.first],
        "allowed_by_second_alone": [_allowed_object(found, one) for one in found.second],
    }


def notes_of(found: Difference, first: PolicySet, second: PolicySet) -> Iterator[str]:
    """What a person should know beside the result, a sentence each."""
    for one in (first, second):
        yield from (f"{one.source}: {note}" for note in one.notes)
        if not one.stored:
            yield f"no NetworkPolicy in {one.source}: everything is allowed there"
    if not found.space.complete:
        yield "the selectors combine in more ways than were tried: pods with labels of several may still differ"


def _allowed(found: Difference, allowed: Iterable[Allowed]) -> Table:
    table = plain_table("clients", "servers", "ports", "observed connections")
    table.columns[3].justify = "right"
    for one in allowed:
        words = (ends_words(found.space, one.clients), ends_words(found.space, one.servers))
        ports = ports_words(found.space, one.spans)
        seen = f"{one.seen.connections:,}" if one.seen.edges else "none"
        table.add_row(*map(_few, (*words, ports)), seen)
    return table


def _few(words: tuple[str, ...]) -> str:
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more


def _turned(turned: Iterable[Turned], first: PolicySet, second: PolicySet) -> Table:
    table = plain_table("client", "server", "port", "connections", "last seen", first.source, second.source)
    table.columns[3].justify = "right"
    for one in turned:
        edge = one.first.edge
        ends = (spoken(edge.client), spoken(edge.server), port_of(edge))
        verdicts = (verdict_of(one.first), verdict_of(one.second))
        table.add_row(*ends, f"{edge.connections:,}", moment(edge.last_seen), *verdicts)
    return table


def _turned_object(one: Turned) -> dict[str, Any]:
    edge = one.first.edge
    return {
        "client": spoken(edge.client),
        "server": spoken(edge.server),
        "protocol": edge.protocol.value,
        "port": edge.port,
        "connections": edge.connections,
        "last_seen": moment(edge.last_seen),
        "first": verdict_of(one.first),
        "second": verdict_of(one.second),
    }


def _allowed_object(found: Difference, one: Allowed) -> dict[str, Any]:
    return {
        "clients": list(ends_words(found.space, one.clients)),
        "servers": list(ends_words(found.space, one.servers)),
        "ports": list(ports_words(found.space, one.spans)),
        "observed_edges": one.seen.edges,
        "observed_connections": one.seen.connections,
        "last_seen": moment(one.seen.last),
    }
