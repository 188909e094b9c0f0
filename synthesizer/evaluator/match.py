"""Whether a rule's parts speak of a connection: selectors, address blocks, ports."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, assert_never

from schemas.records import Labels
from synthesizer.evaluator.model import (
    Connection,
    End,
    Outside,
    PeerRule,
    Pod,
    PolicyRule,
    PortRule,
    Requirement,
    Selector,
)

NAME_LABEL: Final = "kubernetes.io/metadata.name"
"""The label that every namespace has; its value is the namespace's name."""


def selects(selector: Selector, labels: Labels) -> bool:
    """Whether all terms hold."""
    if not selector:
        return True
    mapping = dict(labels)
    for requirement in selector:  # noqa: SIM110  asked millions of times, and a generator takes twice as long
        if not holds(requirement, mapping):
            return False
    return True


def names_port(rule: PolicyRule, connection: Connection) -> bool:
    """Whether the rule speaks of the port; no ports means all."""
    return not rule.ports or any(is_port(port, connection) for port in rule.ports)


def names_peer(rule: PolicyRule, peer: End, own_namespace: str, namespaces: Mapping[str, Labels]) -> bool:
    """Whether the rule speaks of the peer; no peers means anyone."""
    return not rule.peers or any(is_peer(one, peer, own_namespace, namespaces) for one in rule.peers)


def holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """Whether the labels meet the term."""
    present = requirement.key in labels
    match requirement.operator:
        case "In":
            return present and labels[requirement.key] in requirement.values
        case "NotIn":
            return not present or labels[requirement.key] not in requirement.values
        case "Exists":
            return present
        case "DoesNotExist":
            return not present
        case other:
            raise ValueError(f"selector operator {other}")


def is_port(port: PortRule, connection: Connection) -> bool:
    """Whether the item speaks of the port."""
    if port.protocol is not connection.protocol:
        return False
    match port.port:
        case None:
            return True
        case int(first):
            return first <= connection.port <= (port.end or first)
        case str(name):
            return _named(name, connection)
        case _:
            assert_never(port.port)


def _named(name: str, connection: Connection) -> bool:
    """A named port is looked up on the server's pod; outside of pods it means nothing."""
    if not isinstance(connection.server, Pod):
        return False
    wanted = (name, connection.protocol, connection.port)
    return any((port.name, port.protocol, port.number) == wanted for port in connection.server.ports)


def is_peer(rule: PeerRule, peer: End, own_namespace: str, namespaces: Mapping[str, Labels]) -> bool:
    """Whether the item speaks of the peer."""
    match peer:
        case Pod():
            return rule.block is None and _is_pod(rule, peer, own_namespace, namespaces)
        case Outside():
            return rule.block is not None and _in_block(rule, _address(peer.address))
        case _:
            assert_never(peer)


def _is_pod(rule: PeerRule, pod: Pod, own_namespace: str, namespaces: Mapping[str, Labels]) -> bool:
    if rule.pods is not None and not selects(rule.pods, pod.labels):
        return False
    return of_namespace(rule, pod.namespace, own_namespace, namespaces)


def of_namespace(rule: PeerRule, namespace: str, own_namespace: str, namespaces: Mapping[str, Labels]) -> bool:
    """Whether the item speaks of pods of the namespace, as far as that goes."""
    if rule.namespaces is None:
        return namespace == own_namespace
    return selects(rule.namespaces, (*namespaces.get(namespace, ()), (NAME_LABEL, namespace)))


def _in_block(rule: PeerRule, address: IPv4Address | IPv6Address) -> bool:
    return address in (rule.block or ()) and not any(address in network for network in rule.excepted)


@lru_cache(maxsize=65536)
def _address(text: str) -> IPv4Address | IPv6Address:
    address = ip_address(text)
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
