"""From a pod to its workload, as `stream` climbs: the top-most built-in controller, bridging those that have gone."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from schemas.ownership import LONGEST_CHAIN, built_in, deployment_of, schedule_of
from schemas.records import Labels, Millis, OwnerRef, WorkloadRef


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
    for _ in range(LONGEST_CHAIN):
        if owner is None or not built_in(owner):
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
    scheduled = schedule_of(gone)
    if scheduled is not None and WorkloadRef(namespace, "CronJob", scheduled.name) in controllers:
        return OwnerRef("CronJob", scheduled.name)
    return deployment_of(gone, labels)
