"""NetworkPolicy objects, from YAML text or from dicts, to `Policy`; what Kubernetes would reject is a `BadPolicy`."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any, Final

import yaml

from schemas.records import Protocol
from synthesizer.evaluator.model import Network, PeerRule, Policy, PolicyRule, PortRule, Requirement, Selector
from synthesizer.evaluator.plain_text import PlainTextLoader

_WITH_VALUES: Final = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}
_HIGHEST: Final = 65535


class BadPolicy(ValueError):  # noqa: N818  a finding about somebody's object, not a failure of the program
    """An object that is no valid NetworkPolicy; the text says why."""


def read_policies(text: str) -> tuple[Policy, ...]:
    """The NetworkPolicies of a YAML text of any number of documents or Lists; raises BadPolicy."""
    try:
        documents = [document for document in yaml.load_all(text, Loader=PlainTextLoader) if document is not None]
    except yaml.YAMLError as error:
        raise BadPolicy(f"not YAML: {error}") from error
    return tuple(policy_of(item) for document in documents for item in _items(document))


def policy_of(document: Mapping[str, Any]) -> Policy:
    """The NetworkPolicy of a dict; raises BadPolicy."""
    try:
        return _policy(document)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, BadPolicy):
            raise
        raise BadPolicy(f"not a NetworkPolicy: {type(error).__name__}: {error}") from error


def _items(document: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return document["items"] or [] if str(document.get("kind", "")).endswith("List") else [document]


def _policy(document: Mapping[str, Any]) -> Policy:
    if (document["apiVersion"], document["kind"]) != ("networking.k8s.io/v1", "NetworkPolicy"):
        raise BadPolicy(f"a {document['apiVersion']} {document['kind']}")
    metadata, spec = document["metadata"], document.get("spec") or {}
    given = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") is not None else [])]
    if set(given) - {"Ingress", "Egress"}:
        raise BadPolicy(f"policyTypes {given}")
    return Policy(
        metadata.get("namespace") or "default",
        metadata["name"],
        _selector(spec.get("podSelector") or {}),
        _rules(spec.get("ingress"), "from") if "Ingress" in given else None,
        _rules(spec.get("egress"), "to") if "Egress" in given else None,
    )


def _rules(items: list[Mapping[str, Any]] | None, peers: str) -> tuple[PolicyRule, ...]:
    return tuple(
        PolicyRule(
            tuple(_peer(peer) for peer in (item or {}).get(peers) or []),
            tuple(_port(port) for port in (item or {}).get("ports") or []),
        )
        for item in items or []
    )


def _peer(item: Mapping[str, Any]) -> PeerRule:
    pods, namespaces, block = item.get("podSelector"), item.get("namespaceSelector"), item.get("ipBlock")
    if block is None and pods is None and namespaces is None:
        raise BadPolicy("a peer that names nobody")
    if block is None:
        return PeerRule(_optional(pods), _optional(namespaces))
    if pods is not None or namespaces is not None:
        raise BadPolicy("a peer with ipBlock and a selector")
    network = ip_network(block["cidr"])
    if "%" in block["cidr"]:
        raise BadPolicy(f"a zone in {block['cidr']}")
    return PeerRule(block=network, excepted=tuple(_inside(network, cidr) for cidr in block.get("except") or []))


def _inside(network: Network, cidr: str) -> Network:
    excepted = ip_network(cidr)
    if excepted.version != network.version or excepted == network or not excepted.subnet_of(network):  # type: ignore[arg-type]
        raise BadPolicy(f"except {cidr} is not strictly inside {network}")
    return excepted


def _port(item: Mapping[str, Any]) -> PortRule:
    port, end = item.get("port"), item.get("endPort")
    if isinstance(port, int) and not 1 <= port <= _HIGHEST:
        raise BadPolicy(f"port {port}")
    if end is not None and not (isinstance(port, int) and port <= end <= _HIGHEST):
        raise BadPolicy(f"endPort {end} of port {port}")
    return PortRule(Protocol(item.get("protocol") or "TCP"), port, end)


def _optional(selector: Mapping[str, Any] | None) -> Selector | None:
    return None if selector is None else _selector(selector)


def _selector(selector: Mapping[str, Any]) -> Selector:
    exact = [Requirement(str(key), "In", frozenset({str(value)})) for key, value in _labels(selector)]
    return (*exact, *(_expression(item) for item in selector.get("matchExpressions") or []))


def _labels(selector: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for key, value in (selector.get("matchLabels") or {}).items():
        if not isinstance(value, str):
            raise BadPolicy(f"label {key} has the value {value!r}, which is no text")
        yield key, value


def _expression(item: Mapping[str, Any]) -> Requirement:
    key, operator, values = item["key"], item["operator"], item.get("values") or []
    if operator not in _WITH_VALUES or bool(values) != _WITH_VALUES[operator]:
        raise BadPolicy(f"matchExpressions {operator} of {key} with values {values}")
    return Requirement(key, operator, frozenset(values))
