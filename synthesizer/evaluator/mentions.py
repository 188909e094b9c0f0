"""What policies speak of: labels and port names by which they tell pods apart."""

from collections.abc import Iterable, Iterator

from synthesizer.evaluator.match import NAME_LABEL
from synthesizer.evaluator.model import Network, PeerRule, Policy, PolicyRule, PortRule


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


def namespace_keys(policies: Iterable[Policy]) -> frozenset[str]:
    """Labels of namespaces that a selector asks for, other than their names."""
    selectors = (peer.namespaces or () for policy in policies for peer in peers_of(policy))
    return frozenset(term.key for selector in selectors for term in selector) - {NAME_LABEL}


def port_names(policies: Iterable[Policy]) -> frozenset[str]:
    """Named ports that a rule asks for."""
    return frozenset(port.port for policy in policies for port in ports_of(policy) if isinstance(port.port, str))


def ports_of(policy: Policy) -> Iterator[PortRule]:
    """The items of `ports` of all rules."""
    return (port for rule in rules_of(policy) for port in rule.ports)


def blocks_of(policy: Policy) -> Iterator[Network]:
    """The ranges of all ipBlocks, exceptions too."""
    for peer in peers_of(policy):
        if peer.block is not None:
            yield from (peer.block, *peer.excepted)
