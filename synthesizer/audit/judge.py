"""A window held against both sets of policies: one violation for each edge that one of them refuses."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from schemas.records import (
    Edge,
    PolicyViolation,
    Role,
    UnresolvedPeer,
    Verdict,
    WorkloadWindow,
)
from synthesizer.audit.deployed import deployed
from synthesizer.audit.suggested import Before, admitted_before, before, suggested
from synthesizer.evidence import EdgeKey, Evidence, key_of
from synthesizer.inventory.world import World
from synthesizer.options import Options
from synthesizer.peers import identity, order


class Judge:
    """Asks both; keeps nothing but what it was built with."""

    def __init__(self, world: World, options: Options) -> None:
        self._world, self._options = world, options

    def violations(self, window: WorkloadWindow, evidence: Evidence, name: str) -> Mapping[EdgeKey, PolicyViolation]:
        """Edges of the window that would be refused.

        Args:
            window: The window.
            evidence: All that is known of its workload, this window included.
            name: metadata.name of its suggested policy.
        """
        if window.workload.host_network:
            return {}
        asked = _Suggestion(window, evidence, name, self._options)
        found = {}
        for edge in _edges(window):
            inforce = deployed(window.workload, edge, self._world)
            if inforce.allowed and admitted_before(evidence, edge, window.start, self._options):
                continue
            violation = _violation(window, edge, inforce, asked.verdict(edge))
            if violation.stands:
                found[key_of(edge)] = violation
        return found

    def again(self, violation: PolicyViolation, evidence: Evidence, name: str) -> PolicyViolation:
        """The same violation by what is known now of the time before its window."""
        one = before(evidence, violation.start, self._options, name)
        return replace(violation, suggested=suggested(one, violation.edge, evidence, self._options))


class _Suggestion:
    """The suggestion before a window, made when it is first asked for."""

    def __init__(self, window: WorkloadWindow, evidence: Evidence, name: str, options: Options) -> None:
        self._window, self._evidence, self._name, self._options = window, evidence, name, options
        self._before: Before | None = None

    def verdict(self, edge: Edge) -> Verdict:
        """What it says to the edge."""
        if self._before is None:
            self._before = before(self._evidence, self._window.start, self._options, self._name)
        return suggested(self._before, edge, self._evidence, self._options)


def _edges(window: WorkloadWindow) -> Iterator[Edge]:
    """Each edge once; who is not known is not judged, and what the other end may yet explain only once it cannot."""
    newest: dict[EdgeKey, Edge] = {}
    for edge in window.edges:
        if edge.role is Role.UNKNOWN or isinstance(edge.peer, UnresolvedPeer):
            continue
        if not window.final and (edge.shared or edge.hidden_client):
            continue
        key = key_of(edge)
        newest[key] = max(newest.get(key, edge), edge, key=_age)
    yield from newest.values()


def _age(edge: Edge) -> tuple[bool, int, tuple[str, ...]]:
    return edge.established, edge.last_seen, order(edge.peer)


def _violation(window: WorkloadWindow, edge: Edge, inforce: Verdict, suggestion: Verdict) -> PolicyViolation:
    return PolicyViolation(
        cluster=window.cluster,
        workload=window.workload,
        start=window.start,
        end=window.end,
        edge=edge,
        deployed=inforce,
        suggested=suggestion,
        identity=identity_of(window.start, edge),
        revision=window.revision,
        attempt=not edge.established,
    )


def identity_of(start: int, edge: Edge) -> str:
    """The edge and its window as one text, the same whatever may change about either."""
    return "/".join((str(start), edge.role.value, *order(identity(edge.peer)), edge.protocol.value, str(edge.port)))
