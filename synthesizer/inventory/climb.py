"""From a pod to its workload, as `stream` climbs: the top-most built-in controller, bridging those that have gone."""

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from schemas.records import Labels, Millis, OwnerRef, WorkloadRef

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
_MINUTES_DIGITS: Final = 8


class Controller(NamedTuple):
    """A controller, alive or gone.

    Attributes:
        uid: Its UID.
        owner: Its own controlling owner.
        labels: Of its pods, by its template.
        deleted: When it was deleted; 0 while it lives.
    """

    uid: str
    owner: OwnerRef | None
    labels: Labels
    deleted: Millis


Controllers: TypeAlias = Mapping[WorkloadRef, Controller]


def workload_of(pod: WorkloadRef, owner: OwnerRef | None, labels: Labels, controllers: Controllers) -> WorkloadRef:
    """The workload of a pod.

    Args:
        pod: The pod itself.
        owner: Its controlling owner.
        labels: Its labels.
        controllers: Those that are known.
    """
    found = pod
    for _ in range(_LONGEST_CHAIN):
        if owner is None or owner.api_version not in ("", _API.get(owner.kind)) or owner.kind not in _API:
            return found
        found = WorkloadRef(pod.namespace, owner.kind, owner.name)
        known = controllers.get(found)
        if known is not None and known.uid in ("", owner.uid or known.uid):
            owner = known.owner
        else:
            owner = _bridged(owner, labels, pod.namespace, controllers)
    return found


def _bridged(gone: OwnerRef, labels: Labels, namespace: str, controllers: Controllers) -> OwnerRef | None:
    """The owner of a controller that has gone, by its name: a Deployment's ReplicaSet, a CronJob's Job."""
    template_hash = dict(labels).get(_HASH, "")
    if gone.kind == "ReplicaSet" and template_hash and gone.name.endswith(f"-{template_hash}"):
        return OwnerRef("Deployment", gone.name.removesuffix(f"-{template_hash}"))
    name, _, minutes = gone.name.rpartition("-")
    scheduled = gone.kind == "Job" and len(minutes) == _MINUTES_DIGITS and minutes.isdecimal()
    if scheduled and WorkloadRef(namespace, "CronJob", name) in controllers:
        return OwnerRef("CronJob", name)
    return None
