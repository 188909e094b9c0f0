"""The shipped roles as objects, whole or without one permission, made for a namespace as their comments say."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

MANIFESTS: Final = Path(__file__).parents[2] / "deploy" / "manifests"
ACCOUNT: Final = "network-policy-follow"
_EVERYWHERE: Final = ("ClusterRole", "ClusterRoleBinding")
_HELD_BY_ROLES: Final = ("ClusterRole", "Role")

Object = dict[str, Any]


class Permission(NamedTuple):
    """One verb on one resource, as one rule gives it."""

    role: str
    rule: int
    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


def objects_of(manifest: str) -> list[Object]:
    """The documents of a manifest."""
    return [item for item in yaml.safe_load_all((MANIFESTS / manifest).read_text()) if item]


def permissions(manifest: str) -> Iterator[Permission]:
    """Every single one that the manifest gives."""
    for item in objects_of(manifest):
        for number, rule in enumerate(item.get("rules", ())):
            role = f"{item['kind']}/{item['metadata']['name']}"
            yield from (Permission(role, number, what, verb) for what in rule["resources"] for verb in rule["verbs"])


def installed(manifest: str, namespace: str, without: Permission | None = None) -> list[Object]:
    """All objects for this namespace: what belongs to the cluster gets the namespace's name, to stand beside others."""
    made = copy.deepcopy(objects_of(manifest))
    for item in made:
        if item["kind"] in _EVERYWHERE:
            item["metadata"]["name"] = namespace
            if "roleRef" in item:
                item["roleRef"]["name"] = namespace
        else:
            item["metadata"]["namespace"] = namespace
        for subject in item.get("subjects", ()):
            subject.update({"namespace": namespace} if "namespace" in subject else {})
    return made if without is None else [_without(item, without, before) for item, before in _pairs(made, manifest)]


def _pairs(made: list[Object], manifest: str) -> Iterator[tuple[Object, Object]]:
    return zip(made, objects_of(manifest), strict=True)


def _without(item: Object, permission: Permission, before: Object) -> Object:
    """The rule keeps its other verbs for the resource, and all verbs for its other resources."""
    if item["kind"] not in _HELD_BY_ROLES or f"{before['kind']}/{before['metadata']['name']}" != permission.role:
        return item
    rule = item["rules"].pop(permission.rule)
    others = [one for one in rule["resources"] if one != permission.resource]
    verbs = [one for one in rule["verbs"] if one != permission.verb]
    item["rules"] += [{**rule, "resources": others}] if others else []
    item["rules"] += [{**rule, "resources": [permission.resource], "verbs": verbs}] if verbs else []
    return item
