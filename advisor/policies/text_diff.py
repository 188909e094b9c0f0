"""Two sets of policies as text, one beside the other, in one form: so that only what somebody wrote differs."""

from collections.abc import Iterator
from difflib import unified_diff

from advisor.answers import text_of
from advisor.policies.model import PolicySet, Stored


def text_diff(first: PolicySet, second: PolicySet) -> Iterator[str]:
    """A unified diff of each policy whose text differs, by namespace and name, without line ends."""
    one, other = ({stored.name: stored for stored in each.stored} for each in (first, second))
    for name in sorted({*one, *other}):
        labels = f"{first.source} {name}", f"{second.source} {name}"
        yield from unified_diff(_text(one.get(name)), _text(other.get(name)), *labels, lineterm="")


def _text(stored: Stored | None) -> list[str]:
    """The object with its fields in order, as Kubernetes itself would keep it; nothing if there is none."""
    if stored is None:
        return []
    document = stored.document
    name = {"namespace": stored.policy.namespace, "name": stored.policy.name}
    known = {"apiVersion": document["apiVersion"], "kind": document["kind"], "metadata": name}
    return text_of({**known, "spec": _sorted(document.get("spec") or {})}, "yaml").splitlines()


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value
