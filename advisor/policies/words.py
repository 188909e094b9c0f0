"""Rules and selectors as a person reads them."""

from collections.abc import Iterable
from typing import Final

from schemas.records import Labels
from synthesizer.evaluator.model import Network, PeerRule, PolicyRule, PortRule, Requirement, Selector

_NAME_LABEL: Final = "kubernetes.io/metadata.name"
_WHERE: Final = {"In": " in ", "NotIn": " not in "}


def rule_words(rule: PolicyRule) -> str:
    """Who, and on which ports."""
    return f"{peers_words(rule.peers)}, {ports_words(rule.ports)}"


def peers_words(peers: Iterable[PeerRule]) -> str:
    """Whoever the items speak of; none at all is anyone."""
    return " or ".join(map(peer_words, peers)) or "anyone"


def peer_words(peer: PeerRule) -> str:
    """Whoever the item speaks of."""
    if peer.block is not None:
        return address_words(peer.block, peer.excepted)
    pods = f"pods {selector_words(peer.pods)}" if peer.pods else "all pods"
    if peer.namespaces is None:
        return pods
    if not peer.namespaces:
        return f"{pods} of all namespaces"
    names = _names(peer.namespaces)
    return f"{pods} of {'/'.join(names)}" if names else f"{pods} of namespaces {selector_words(peer.namespaces)}"


def address_words(block: Network, without: Iterable[Network]) -> str:
    """A block of addresses, and what within it is not meant."""
    left_out = " ".join(map(str, without))
    return f"{block} but {left_out}" if left_out else str(block)


def labels_words(labels: Labels) -> str:
    """The labels; nothing for none."""
    return " ".join(f"{key}={value}" for key, value in labels)


def ports_words(ports: Iterable[PortRule]) -> str:
    """The ports; none at all is every port."""
    return ", ".join(map(port_words, ports)) or "every port"


def port_words(port: PortRule) -> str:
    """The item's port or ports."""
    if port.port is None:
        return f"{port.protocol.value} all ports"
    return f"{port.protocol.value} {port.port}{f'-{port.end}' if port.end and port.end != port.port else ''}"


def selector_words(selector: Selector) -> str:
    """The terms; none at all is all."""
    return " ".join(map(_term, selector)) or "(all)"


def _term(term: Requirement) -> str:
    values = sorted(term.values)
    match term.operator:
        case "In" if len(values) == 1:
            return f"{term.key}={values[0]}"
        case "NotIn" if len(values) == 1:
            return f"{term.key}!={values[0]}"
        case "Exists":
            return f"with {term.key}"
        case "DoesNotExist":
            return f"without {term.key}"
        case _:
            return f"{term.key}{_WHERE[term.operator]}({' '.join(values)})"


def _names(selector: Selector) -> list[str]:
    """The namespaces' names, if the selector asks for nothing else."""
    if len(selector) == 1 and (selector[0].key, selector[0].operator) == (_NAME_LABEL, "In"):
        return sorted(selector[0].values)
    return []
