"""From a pod to its workload: the top-most built-in controller, and the labels that select its pods."""

from typing import Final

from schemas.records import ControllerBody, InventoryObject, Labels, OwnerRef, PodBody, Workload
from streams.labels import stable

_API: Final = {
    "ReplicaSet": "apps/v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
}
_HASH: Final = "pod-template-hash"
_LONGEST_CHAIN: Final = 5

Controller = tuple[InventoryObject, ControllerBody]


class Owners:
    """All controllers; `workload` climbs from a pod as far as built-in kinds go."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Controller] = {}

    def put(self, item: InventoryObject, body: ControllerBody) -> None:
        """Add or change a controller."""
        self._known[item.kind, item.namespace, item.name] = (item, body)

    def drop(self, kind: str, namespace: str, name: str) -> None:
        """Forget a controller."""
        self._known.pop((kind, namespace, name), None)

    def workload(self, pod: InventoryObject, body: PodBody) -> Workload:
        """The workload that the pod belongs to."""
        kind, name = self._top(pod)
        known = self._known.get((kind, pod.namespace, name))
        selector = stable(pod.labels) if known is None else _selector(kind, known[1], pod.labels)
        return Workload(pod.namespace, kind, name, selector, body.host_network)

    def _top(self, pod: InventoryObject) -> tuple[str, str]:
        kind, name, owner = "Pod", pod.name, pod.owner
        for _ in range(_LONGEST_CHAIN):
            if owner is None or not _built_in(owner):
                break
            kind, name = owner.kind, owner.name
            owner = self._owner_of(owner, pod)
        return kind, name

    def _owner_of(self, owner: OwnerRef, pod: InventoryObject) -> OwnerRef | None:
        known = self._known.get((owner.kind, pod.namespace, owner.name))
        if known is not None and known[0].uid in ("", owner.uid or known[0].uid):
            return known[0].owner
        return _bridge(owner, dict(pod.labels).get(_HASH, ""))


def _built_in(owner: OwnerRef) -> bool:
    return owner.kind in _API and owner.api_version in ("", _API[owner.kind])


def _bridge(gone: OwnerRef, template_hash: str) -> OwnerRef | None:
    """A ReplicaSet that is gone was made by the Deployment whose name it carries, if its pods have the hash."""
    if gone.kind != "ReplicaSet" or not template_hash or not gone.name.endswith(f"-{template_hash}"):
        return None
    return OwnerRef("Deployment", gone.name.removesuffix(f"-{template_hash}"))


def _selector(kind: str, body: ControllerBody, pod_labels: Labels) -> Labels:
    if kind not in ("Job", "CronJob") and body.selector:
        return tuple(label for label in body.selector if label[0] != _HASH)
    return stable(body.template_labels) or stable(pod_labels)
