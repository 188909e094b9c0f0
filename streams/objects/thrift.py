"""Equal strings of many objects kept once: labels, owners and nodes repeat over all pods of a workload."""

from dataclasses import replace
from sys import intern

from schemas.records import InventoryObject, Labels, OwnerRef, PodBody


def thrifty(item: InventoryObject) -> InventoryObject:
    """The same object, whose strings are shared with others; what nobody uses any more is given back by itself."""
    return replace(
        item,
        cluster=intern(item.cluster),
        kind=intern(item.kind),
        namespace=intern(item.namespace),
        labels=thrifty_labels(item.labels),
        owner=thrifty_owner(item.owner),
        body=replace(item.body, node=intern(item.body.node)) if isinstance(item.body, PodBody) else item.body,
    )


def thrifty_labels(labels: Labels) -> Labels:
    """The same labels of shared strings."""
    return tuple((intern(name), intern(value)) for name, value in labels)


def thrifty_owner(owner: OwnerRef | None) -> OwnerRef | None:
    """The same owner of shared strings."""
    if owner is None:
        return None
    return OwnerRef(intern(owner.kind), intern(owner.name), intern(owner.uid), intern(owner.api_version))
