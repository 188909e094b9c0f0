"""What policies speak of: labels and port names by which they tell pods apart."""

from collections.abc import Iterable, Iterator

from synthesizer.evaluator.model import PeerRule, Policy, PolicyRule


def rules_of(policy: Policy) -> Iterator[PolicyRule]:
    """All rules, of both directions."""
    yield from policy.ingress or ()
    yield from policy.egress or ()


def peers_of(policy: Policy) -> Iterator[PeerRule]:
    """The items of `from` and `to` of all rules."""
    return (peer for rule in rules_of(policy) for peer in rule.peers)


def label_keys(policies: Iterable[Policy]) -> frozenset[str]:
    """Labels of pods that a selector asks for."""
    return frozenset(
        requirement.key
        for policy in policies
        for selector in (policy.pods, *(peer.pods or () for peer in peers_of(policy)))
        for requirement in selector
    )


def port_names(policies: Iterable[Policy]) -> frozenset[str]:
    """Named ports that a rule asks for."""
    return frozenset(
        port.port
        for policy in policies
        for rule in rules_of(policy)
        for port in rule.ports
        if isinstance(port.port, str)
    )
