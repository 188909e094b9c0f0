"""NetworkPolicy objects, from YAML text or from dicts, to `Policy`; what Kubernetes would reject is a `BadPolicy`."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any, Final

import yaml

from schemas.records import Protocol
from synthesizer.evaluator.fields import At, BadPolicy
from synthesizer.evaluator.model import Network, PeerRule, Policy, PolicyRule, PortRule, Requirement, Selector
from synthesizer.evaluator.plain_text import PlainTextLoader

__all__ = ["BadPolicy", "documents_of", "policy_of", "read_policies"]

_WITH_VALUES: Final = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}
_HIGHEST: Final = 65535
_UNMAKEABLE: Final = (ValueError, ArithmeticError, LookupError, AttributeError, TypeError, RecursionError)
"""What PyYAML raises for a scalar that is not what its tag says, and Python for a number that is too long."""


def read_policies(text: str) -> tuple[Policy, ...]:
    """The NetworkPolicies of a YAML text of any number of documents or Lists; raises BadPolicy."""
    return tuple(policy_of(document) for _, document in documents_of(text))


def documents_of(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of a YAML or JSON text and where each stands: documents, and the members of Lists.

    Raises:
        BadPolicy: The text cannot be parsed, or a document is no object; the text says which document.
    """
    number = 1
    try:
        for document in yaml.load_all(text, Loader=PlainTextLoader):
            if document is not None:
                yield from _members(f"document {number}", document)
            number += 1
    except yaml.YAMLError as error:
        raise BadPolicy(f"document {number}: not YAML: {error}") from error
    except _UNMAKEABLE as error:
        if isinstance(error, BadPolicy):
            raise
        raise BadPolicy(f"document {number}: a value cannot be read: {str(error)[:200]}") from error


def policy_of(document: Mapping[str, Any]) -> Policy:
    """The NetworkPolicy of a dict; raises BadPolicy that names the field."""
    whole = At(document)
    version, kind = whole.field("apiVersion").text(), whole.field("kind").text()
    if (version, kind) != ("networking.k8s.io/v1", "NetworkPolicy"):
        raise BadPolicy(f"a {version} {kind}, not a networking.k8s.io/v1 NetworkPolicy")
    namespace, spec = whole.field("metadata").field("namespace"), whole.field("spec")
    isolated = _isolated(spec)
    return Policy(
        namespace.text() if namespace.value else "default",
        whole.field("metadata").field("name").text(),
        _selector(spec.field("podSelector")),
        _rules(spec.field("ingress"), "from") if "Ingress" in isolated else None,
        _rules(spec.field("egress"), "to") if "Egress" in isolated else None,
    )


def _members(where: str, document: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(document, Mapping) or not isinstance(document.get("kind"), str):
        raise BadPolicy(f"{where}: not a Kubernetes object, it has no kind")
    if not document["kind"].endswith("List"):
        yield where, document
        return
    for index, item in enumerate(At(document).field("items").items()):
        if not isinstance(item.value, Mapping):
            raise BadPolicy(f"{where}, item {index}: not a Kubernetes object")
        yield f"{where}, item {index}", item.value


def _isolated(spec: At) -> frozenset[str]:
    """Without policyTypes: ingress always, egress if there is a rule for it; an empty section is as good as none.

    Source: SetDefaults_NetworkPolicy of Kubernetes (pkg/apis/networking/v1/defaults.go).
    """
    types = [(one, one.text()) for one in spec.field("policyTypes").items()]
    for one, name in types:
        if name not in ("Ingress", "Egress"):
            raise one.bad(f"Ingress or Egress is expected, not {name!r}")
    if types:
        return frozenset(name for _, name in types)
    return frozenset(["Ingress", *(["Egress"] if spec.field("egress").items() else [])])


def _rules(section: At, peers: str) -> tuple[PolicyRule, ...]:
    return tuple(
        PolicyRule(
            tuple(_peer(peer) for peer in rule.field(peers).items()),
            tuple(_port(port) for port in rule.field("ports").items()),
        )
        for rule in section.items()
    )


def _peer(item: At) -> PeerRule:
    pods, namespaces, block = item.field("podSelector"), item.field("namespaceSelector"), item.field("ipBlock")
    if not (block.given or pods.given or namespaces.given):
        raise item.bad("a peer that names nobody: podSelector, namespaceSelector or ipBlock is expected")
    if not block.given:
        return PeerRule(_optional(pods), _optional(namespaces))
    if pods.given or namespaces.given:
        raise item.bad("a peer with ipBlock and a selector")
    network = _network(block.field("cidr"))
    return PeerRule(block=network, excepted=tuple(_inside(network, cidr) for cidr in block.field("except").items()))


def _network(cidr: At) -> Network:
    text = cidr.text()
    if "%" in text:
        raise cidr.bad(f"a zone in {text}")
    try:
        return ip_network(text)
    except ValueError as error:
        raise cidr.bad(str(error)) from error


def _inside(network: Network, cidr: At) -> Network:
    excepted = _network(cidr)
    if excepted.version != network.version or excepted == network or not excepted.subnet_of(network):  # type: ignore[arg-type]
        raise cidr.bad(f"{excepted} is not strictly inside {network}")
    return excepted


def _port(item: At) -> PortRule:
    port, end = item.field("port"), item.field("endPort")
    number = port.value if isinstance(port.value, str) or not port.given else port.number()
    if number == "":
        raise port.bad("neither a number nor a name")
    if isinstance(number, int) and not 1 <= number <= _HIGHEST:
        raise port.bad(f"{number} is none of 1 to {_HIGHEST}")
    last = end.number() if end.given else None
    if last is not None and not (isinstance(number, int) and number <= last <= _HIGHEST):
        raise end.bad(f"{last} with port {number}: a number from the port's own to {_HIGHEST} is expected")
    return PortRule(_protocol(item.field("protocol")), number, last)


def _protocol(given: At) -> Protocol:
    try:
        return Protocol(given.text()) if given.value else Protocol.TCP
    except ValueError as error:
        if isinstance(error, BadPolicy):
            raise
        raise given.bad(f"TCP, UDP or SCTP is expected, not {given.value!r}") from error


def _optional(selector: At) -> Selector | None:
    return _selector(selector) if selector.given else None


def _selector(selector: At) -> Selector:
    exact = [Requirement(key, "In", frozenset({value})) for key, value in _labels(selector.field("matchLabels"))]
    return (*exact, *(_expression(item) for item in selector.field("matchExpressions").items()))


def _labels(given: At) -> Iterable[tuple[str, str]]:
    for key, value in given.mapping().items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise given.bad(f"label {key} has the value {value!r}, which is no text; put it in quotes")
        yield key, value


def _expression(item: At) -> Requirement:
    key, operator, values = item.field("key").text(), item.field("operator").text(), item.field("values")
    if operator not in _WITH_VALUES:
        raise item.field("operator").bad(f"{', '.join(_WITH_VALUES)} are expected, not {operator!r}")
    texts = [one.value for one in values.items()]
    if bool(texts) != _WITH_VALUES[operator]:
        raise values.bad(f"{operator} of {key} takes {'some' if _WITH_VALUES[operator] else 'no'} values")
    if not all(isinstance(one, str) for one in texts):
        raise values.bad(f"{texts} are not all texts; put them in quotes")
    return Requirement(key, operator, frozenset(texts))
