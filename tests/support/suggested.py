"""Suggestions of a small shop, and their records as `synthesize` publishes them."""

from shop import shop

from schemas.dead_letters import RawRecord
from schemas.framing import Writer
from schemas.records import PolicySuggestion
from schemas.topics import POLICY_SUGGESTIONS
from synthesizer.offline import suggestions_of

WRITE = Writer(POLICY_SUGGESTIONS.name, PolicySuggestion)


def suggestions(workloads=4, windows=2):
    """One of each workload, sorted."""
    return suggestions_of(shop(workloads, windows))


def record(suggestion, offset=0, value=None):
    """The suggestion as a record; with other bytes if they are given."""
    return raw(suggestion.key, WRITE(suggestion) if value is None else value, offset)


def tombstone(suggestion, offset=0):
    """The record that withdraws it."""
    return raw(suggestion.key, None, offset)


def raw(key, value, offset=0):
    """Any record."""
    return RawRecord("netpol.policy-suggestions", 0, offset, key.encode(), value)
