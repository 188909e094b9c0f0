"""Fields that a NetworkPolicy does not have: a reader that drops them makes the rule say less than is written.

`form:` for `from:` makes a rule that admits everyone. Source: API reference of networking.k8s.io/v1 NetworkPolicy.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from synthesizer.evaluator.fields import At

_ANY: Final[Mapping[str, Any]] = {}
_SELECTOR: Final = {"matchLabels": _ANY, "matchExpressions": {"key": _ANY, "operator": _ANY, "values": _ANY}}
_PEER: Final = {"podSelector": _SELECTOR, "namespaceSelector": _SELECTOR, "ipBlock": {"cidr": _ANY, "except": _ANY}}
_PORT: Final = {"port": _ANY, "endPort": _ANY, "protocol": _ANY}
_POLICY: Final = {
    "apiVersion": _ANY,
    "kind": _ANY,
    "metadata": _ANY,
    "status": _ANY,
    "spec": {
        "podSelector": _SELECTOR,
        "policyTypes": _ANY,
        "ingress": {"from": _PEER, "ports": _PORT},
        "egress": {"to": _PEER, "ports": _PORT},
    },
}


def unknown_fields(document: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each field that no NetworkPolicy has, with its path."""
    return _unknown(At(document), _POLICY)


def _unknown(at: At, known: Mapping[str, Any]) -> Iterator[str]:
    for item in at.items() if isinstance(at.value, list) else (at,):
        for name in item.mapping():
            inner = item.field(str(name))
            if name not in known:
                near = get_close_matches(str(name), known, 1)
                yield str(inner.bad(f"no such field{f'; did you mean {near[0]}?' if near else ''}"))
            elif known[name]:
                yield from _unknown(inner, known[name])
