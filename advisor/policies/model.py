"""Policies with the place they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthesizer.evaluator.model import Policy


@dataclass(frozen=True, slots=True)
class Stored:
    """A NetworkPolicy that somebody has.

    Attributes:
        policy: What it means.
        document: The object.
        place: Where it is: a file and document, or a topic.
    """

    policy: Policy
    document: Mapping[str, Any]
    place: str

    @property
    def name(self) -> str:
        """Namespace and name."""
        return f"{self.policy.namespace}/{self.policy.name}"


@dataclass(frozen=True, slots=True)
class PolicySet:
    """All NetworkPolicies of one source.

    Attributes:
        source: The source, as a person names it.
        stored: Sorted by namespace and name; no two have both alike.
        notes: What a person should know of the source, a sentence each.
    """

    source: str
    stored: tuple[Stored, ...]
    notes: tuple[str, ...] = ()

    @property
    def policies(self) -> tuple[Policy, ...]:
        """What they mean."""
        return tuple(one.policy for one in self.stored)
