"""Whose pod it was, told from what an imported event says of it: name, owner and labels, and nothing else.

Only used without Kubernetes objects; a guess from names is stated in docs/reference/recorded-connections.md.
"""

import re
from collections.abc import Iterable
from typing import Final

from advisor.recorded.model import SeenPod
from schemas.records import Labels, Workload, WorkloadRef
from streams.directory.labels import stable

_CRON_RUN: Final = re.compile(r"(.+)-[0-9]{8,}-[A-Za-z0-9]{5}")
_ORDINAL: Final = re.compile(r"(.+)-[0-9]+")
_ONE_HASH: Final = re.compile(r"(.+)-[A-Za-z0-9]{5}")
_TWO_HASHES: Final = re.compile(r"(.+)-[A-Za-z0-9]{1,10}-[A-Za-z0-9]{5}")


def common_labels(each: Iterable[Labels]) -> Labels:
    """The stable labels that all of the pods carry with the same value."""
    first, *rest = [set(stable(labels)) for labels in each]
    return tuple(sorted(first.intersection(*rest)))


def ref_of(pod: SeenPod) -> WorkloadRef:
    """The workload of the pod.

    The kind follows from the run labels and the form of the name: two hashes after the owner's name are a Deployment's
    pod, an ordinal a StatefulSet's, a time a CronJob's, one hash a DaemonSet's or a Job's; anything else is a bare pod.
    """
    kind, name = _controller({key for key, _ in pod.labels}, pod.name)
    if pod.owner:
        return WorkloadRef(pod.namespace, kind if name == pod.owner else _kind_with_owner(pod), pod.owner.lower())
    return WorkloadRef(pod.namespace, kind, name.lower())


def _controller(keys: set[str], name: str) -> tuple[str, str]:
    forms = (
        ("pod-template-hash", _TWO_HASHES, "Deployment"),
        ("job-name", _CRON_RUN, "CronJob"),
        ("job-name", _ONE_HASH, "Job"),
        ("statefulset.kubernetes.io/pod-name", _ORDINAL, "StatefulSet"),
        ("controller-revision-hash", _ORDINAL, "StatefulSet"),
        ("controller-revision-hash", _ONE_HASH, "DaemonSet"),
    )
    for key, form, kind in forms:
        match = form.fullmatch(name)
        if key in keys and match:
            return kind, match[1]
    return "Pod", name


def _kind_with_owner(pod: SeenPod) -> str:
    """The owner is known, so its name and the form of the rest are enough; failing that, a Deployment is likeliest."""
    forms = ((_CRON_RUN, "CronJob"), (_TWO_HASHES, "Deployment"), (_ORDINAL, "StatefulSet"), (_ONE_HASH, "DaemonSet"))
    for form, kind in forms:
        match = form.fullmatch(pod.name)
        if match and match[1] == pod.owner:
            return kind
    return "Pod" if pod.owner == pod.name else "Deployment"


def workload_of(ref: WorkloadRef, labels: Iterable[Labels]) -> Workload:
    """The workload with the labels that all its pods have in common."""
    return Workload(ref.namespace, ref.kind, ref.name, common_labels(labels))
