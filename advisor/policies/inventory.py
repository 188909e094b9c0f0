"""The policies in force, as the cluster's objects have them."""

import json
from collections.abc import Iterable

from advisor.policies.files import unique
from advisor.policies.model import PolicySet, Stored
from schemas.errors import UsageError
from schemas.records import InventoryObject, NetworkPolicyBody
from synthesizer.evaluator.fields import BadPolicy
from synthesizer.evaluator.reader import policy_of


def policies_of_objects(objects: Iterable[InventoryObject], source: str) -> PolicySet:
    """The NetworkPolicies among the objects.

    A field that the API has got since is no error, for the cluster took it; raises UsageError for one that is wrong.
    """
    bodies = ((item, item.body) for item in objects if not item.deleted)
    found = [_stored(item, body, source) for item, body in bodies if isinstance(body, NetworkPolicyBody)]
    return PolicySet(source, unique(found))


def _stored(item: InventoryObject, body: NetworkPolicyBody, source: str) -> Stored:
    document = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": item.name, "namespace": item.namespace},
        "spec": json.loads(body.spec),
    }
    place = f"{source}, NetworkPolicy {item.namespace}/{item.name}"
    try:
        return Stored(policy_of(document), document, place)
    except BadPolicy as error:
        raise UsageError(f"{place}: {error}") from error
