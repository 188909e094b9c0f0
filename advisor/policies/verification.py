"""Observed connections held against policies: what would break, what cannot be told, which rules were never used."""

from collections.abc import Iterator
from dataclasses import dataclass

from advisor.policies.judge import Judge, Judged, Outcome, RuleKey
from advisor.policies.model import PolicySet, Stored
from advisor.policies.observed import Observations
from advisor.policies.world import World
from synthesizer.evaluator.match import selects
from synthesizer.evaluator.mentions import label_keys, namespace_keys, port_names
from synthesizer.evaluator.model import Policy, PolicyRule, Way

PEERS: dict[Way, str] = {"ingress": "from", "egress": "to"}
"""What the items of a rule's peers are called in each section."""


@dataclass(frozen=True, slots=True)
class Unused:
    """A part of a policy that no observed connection needed.

    Attributes:
        stored: The policy.
        way: The section.
        rule: The index of the rule there.
        peer: Index of the item of `from` or `to`, None for all of the rule or one of its ports.
        port: Index of the item of `ports`, None for all of the rule or one of its peers.
    """

    stored: Stored
    way: Way
    rule: int
    peer: int | None = None
    port: int | None = None

    @property
    def path(self) -> str:
        """Where it stands, below `spec`."""
        whole = f"{self.way}[{self.rule}]"
        if self.peer is not None:
            return f"{whole}.{PEERS[self.way]}[{self.peer}]"
        return whole if self.port is None else f"{whole}.ports[{self.port}]"

    @property
    def meaning(self) -> PolicyRule:
        """What it says, as a rule."""
        policy = self.stored.policy
        rule = ((policy.ingress if self.way == "ingress" else policy.egress) or ())[self.rule]
        if self.peer is not None:
            return PolicyRule((rule.peers[self.peer],), rule.ports)
        return rule if self.port is None else PolicyRule(rule.peers, (rule.ports[self.port],))


@dataclass(frozen=True, slots=True)
class Verification:
    """All of it.

    Attributes:
        judged: Every observed edge with its verdicts, in the order of observations.
        unused: Rules and parts of rules that were never used, in the order of policies.
        idle: Policies that select no pod of a workload that is known.
        blind: Policies that ask for what only the pods or namespaces themselves could tell, where none are known.
    """

    judged: tuple[Judged, ...]
    unused: tuple[Unused, ...]
    idle: tuple[Stored, ...]
    blind: tuple[Stored, ...]

    def of(self, outcome: Outcome) -> tuple[Judged, ...]:
        """The edges with this outcome."""
        return tuple(one for one in self.judged if one.outcome is outcome)


def verify(policies: PolicySet, observations: Observations, world: World) -> Verification:
    """The observed, held against the policies."""
    judge = Judge(policies.policies, world)
    judged = tuple(judge.judged(edge) for edge in observations.edges)
    unused = tuple(part for one in policies.stored for part in _unused(one, judge))
    idle = tuple(one for one in policies.stored if not _selects_any(one, world))
    return Verification(judged, unused, idle, blind_of(policies, world))


def blind_of(policies: PolicySet, world: World) -> tuple[Stored, ...]:
    """Policies that ask for what only pods or namespaces themselves could tell, as long as none is known."""
    keys = {key for workload in world.workloads.values() for key, _ in workload.selector}

    def is_blind(policy: Policy) -> bool:
        of_pods = not world.pods and (label_keys([policy]) - keys or port_names([policy]))
        return bool(of_pods or (not world.namespaces and namespace_keys([policy])))

    return tuple(one for one in policies.stored if is_blind(one.policy))


def _unused(stored: Stored, judge: Judge) -> Iterator[Unused]:
    policy = stored.policy
    sections: tuple[tuple[Way, tuple[PolicyRule, ...]], ...] = (
        ("ingress", policy.ingress or ()),
        ("egress", policy.egress or ()),
    )
    for way, rules in sections:
        for index, rule in enumerate(rules):
            used = judge.used.get(RuleKey(policy.namespace, policy.name, way, index))
            if used is None:
                yield Unused(stored, way, index)
                continue
            peers, ports = used
            yield from (Unused(stored, way, index, peer=one) for one in range(len(rule.peers)) if one not in peers)
            yield from (Unused(stored, way, index, port=one) for one in range(len(rule.ports)) if one not in ports)


def _selects_any(stored: Stored, world: World) -> bool:
    policy = stored.policy
    of_namespace = [one for one in world.workloads.values() if one.namespace == policy.namespace]
    return any(
        selects(policy.pods, labels)
        for workload in of_namespace
        for labels in ([pod.labels for pod in world.pods.get(workload.ref, ())] or [workload.selector])
    )
