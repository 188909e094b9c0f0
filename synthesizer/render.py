"""Rules to the YAML of a NetworkPolicy (networking.k8s.io/v1): one fixed form, so that equal rules are equal bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

import yaml

from schemas.records import Labels, Workload
from synthesizer.inference.model import AnyPeer, BlockPeer, Direction, PodsPeer, Port, Rule, RulePeer

MANAGED_BY: Final = ("app.kubernetes.io/managed-by", "network-policy-advisor")
"""The label by which we know what we wrote."""

NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
"""The label that the API server itself puts on every namespace (Kubernetes 1.22)."""

_BASE: Final[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*|[0-9A-Fa-f.:]+/[0-9]+")
_WORDS: Final = frozenset(["y", "yes", "n", "no", "on", "off", "true", "false", "null", "nil"])
_PEERS: Final = {Direction.INGRESS: "from", Direction.EGRESS: "to"}


class _Dumper(_BASE):  # type: ignore[misc]  # the base is C where libyaml is there
    """Quotes every text that a reader of another YAML version could take for a number, a boolean or nothing."""


def _text(dumper: Any, text: str) -> Any:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _text)


@dataclass(frozen=True, slots=True)
class PolicyForm:
    """A policy before it is text.

    Attributes:
        name: metadata.name.
        workload: Whose pods it selects; its selector is not empty.
        rules: Rules of each direction that is isolated, in the order of `Direction`.
    """

    name: str
    workload: Workload
    rules: tuple[tuple[Direction, tuple[Rule, ...]], ...]


def render(form: PolicyForm) -> str:
    """The YAML document; raises ValueError rather than select a whole namespace."""
    if not form.workload.selector:
        raise ValueError(f"{form.workload.ref} has no labels to select")
    text: str = yaml.dump(_document(form), Dumper=_Dumper, sort_keys=False, default_flow_style=False, width=1000)
    return text


def _document(form: PolicyForm) -> dict[str, Any]:
    namespace = form.workload.namespace
    spec: dict[str, Any] = {
        "podSelector": _selector(form.workload.selector),
        "policyTypes": [direction.value.capitalize() for direction, _ in form.rules],
    }
    for direction, rules in form.rules:
        spec[direction.value] = [_rule(rule, direction, namespace) for rule in rules]
    metadata = {"name": form.name, "namespace": namespace, "labels": dict([MANAGED_BY])}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _rule(rule: Rule, direction: Direction, namespace: str) -> dict[str, Any]:
    ports = {"ports": [_port(port) for port in rule.ports]} if rule.ports else {}
    if any(isinstance(peer, AnyPeer) for peer in rule.peers):
        return ports
    return {_PEERS[direction]: [_peer(peer, namespace) for peer in rule.peers], **ports}


def _peer(peer: RulePeer, own_namespace: str) -> dict[str, Any]:
    match peer:
        case PodsPeer(namespace, labels):
            if not labels:
                raise ValueError("a peer without labels would take a whole namespace")
            pods = {"podSelector": _selector(labels)}
            if namespace == own_namespace:
                return pods
            return {"namespaceSelector": _selector(((NAMESPACE_NAME, namespace),)), **pods}
        case BlockPeer(cidr, excepted):
            return {"ipBlock": {"cidr": cidr, **({"except": list(excepted)} if excepted else {})}}
        case AnyPeer():
            raise ValueError("anyone is said by leaving peers out")
        case _:
            assert_never(peer)


def _selector(labels: Labels | Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {"matchLabels": dict(sorted(labels))}


def _port(port: Port) -> dict[str, Any]:
    last = {"endPort": port.last} if port.last else {}
    return {"port": port.number, **last, "protocol": port.protocol}
