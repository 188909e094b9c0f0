"""From a pod towards its workload: which owners a climb goes on to, and what the names of those that have gone tell.

`stream` climbs to say whose an address was, `synthesize` to say which workloads are gone: they must not disagree.
"""

from typing import Final, NamedTuple

from schemas.records import Labels, Millis, OwnerRef

LONGEST_CHAIN: Final = 5
"""More owners than any built-in controller has above it."""
TEMPLATE_HASH: Final = "pod-template-hash"
_API: Final = {
    "ReplicaSet": "apps/v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
}
_MINUTE_MS: Final = 60_000
_MINUTES_DIGITS: Final = 8


class Scheduled(NamedTuple):
    """What a Job's name tells of its CronJob.

    Attributes:
        name: The CronJob's.
        at: When the Job was due.
    """

    name: str
    at: Millis


def built_in(owner: OwnerRef) -> bool:
    """Whether a climb from pod to workload goes on to it."""
    return owner.kind in _API and owner.api_version in ("", _API[owner.kind])


def deployment_of(gone: OwnerRef, labels: Labels) -> OwnerRef | None:
    """A ReplicaSet that is gone was made by the Deployment whose name it carries, if its pods' labels have the hash."""
    template_hash = dict(labels).get(TEMPLATE_HASH, "")
    if gone.kind != "ReplicaSet" or not template_hash or not gone.name.endswith(f"-{template_hash}"):
        return None
    return OwnerRef("Deployment", gone.name.removesuffix(f"-{template_hash}"))


def schedule_of(gone: OwnerRef) -> Scheduled | None:
    """A Job that is gone may have been a CronJob's, if it has its name and a minute.

    Source: getJobName of the CronJob controller, `NAME-MINUTES_SINCE_1970`.
    """
    name, _, minutes = gone.name.rpartition("-")
    if gone.kind != "Job" or not name or len(minutes) != _MINUTES_DIGITS or not minutes.isdecimal():
        return None
    return Scheduled(name, int(minutes) * _MINUTE_MS)
