"""Rules of a policy as a person says them."""

from collections.abc import Iterable
from typing import Final

from synthesizer.evaluator.model import PeerRule, PolicyRule, PortRule, Requirement, Selector

_NAME: Final = "kubernetes.io/metadata.name"


def peers_of(rule: PolicyRule) -> tuple[str, ...]:
    """Whom the rule speaks of; empty for anyone."""
    return tuple(_peer(peer) for peer in rule.peers)


def ports_of(rule: PolicyRule) -> tuple[str, ...]:
    """The ports it speaks of; empty for all."""
    return tuple(_port(port) for port in rule.ports)


def rule_in_words(way: str, rule: PolicyRule) -> str:
    """One line: from or to whom, on which ports."""
    side = "from" if way == "ingress" else "to"
    whom = _listed(peers_of(rule)) or "anyone"
    return f"{side} {whom} on {_listed(ports_of(rule)) or 'every port'}"


def _peer(peer: PeerRule) -> str:
    if peer.block is not None:
        excepted = " ".join(str(network) for network in peer.excepted)
        return f"{peer.block}" + (f" but {excepted}" if excepted else "")
    where = "" if peer.namespaces is None else f" in {_namespaces(peer.namespaces)}"
    return f"pods {_terms(peer.pods)}{where}" if peer.pods else f"all pods{where}"


def _namespaces(selector: Selector) -> str:
    if not selector:
        return "every namespace"
    if len(selector) == 1 and selector[0].key == _NAME and selector[0].operator == "In":
        return " or ".join(sorted(selector[0].values))
    return f"namespaces {_terms(selector)}"


def _terms(selector: Selector) -> str:
    return ",".join(_term(requirement) for requirement in selector)


def _term(requirement: Requirement) -> str:
    key, values = requirement.key, "|".join(sorted(requirement.values))
    match requirement.operator:
        case "In":
            return f"{key}={values}"
        case "NotIn":
            return f"{key}!={values}"
        case "Exists":
            return key
        case _:
            return f"!{key}"


def _port(port: PortRule) -> str:
    number = "every port" if port.port is None else f"{port.port}" + (f"-{port.end}" if port.end else "")
    return f"{port.protocol.value} {number}"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts)
