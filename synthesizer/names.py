"""Names of policies: `<workload>-network`, valid, and unique in a namespace."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from schemas.records import WorkloadRef

KINDS: Final = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet", "Pod")
"""Of workloads with one name, the first kind of these keeps the plain name."""

LONGEST: Final = 250
"""Kubernetes allows 253 characters; a file system allows 255 with `.yaml` after it."""

_SUFFIX: Final = "-network"
_FOREIGN = re.compile(r"[^a-z0-9.-]+")
_BAD_DOT = re.compile(r"[-.]*\.[-.]*")


def policy_name(workload: WorkloadRef, kinds: Iterable[str]) -> str:
    """The policy's metadata.name.

    Args:
        workload: Whose policy.
        kinds: Kinds of all workloads of this namespace and name, its own among them or not.
    """
    if min({*kinds, workload.kind}, key=_rank) == workload.kind:
        return _valid(workload.name, workload)
    return _with_hash(f"{workload.name}-{workload.kind.lower()}", workload)


def possible_names(namespace: str, name: str) -> frozenset[str]:
    """Every policy name that a workload of this namespace and name may have had."""
    refs = [WorkloadRef(namespace, kind, name) for kind in KINDS]
    return frozenset(policy_name(ref, kinds) for ref in refs for kinds in ((), KINDS))


def _rank(kind: str) -> tuple[int, str]:
    return (KINDS.index(kind) if kind in KINDS else len(KINDS), kind)


def _valid(name: str, workload: WorkloadRef) -> str:
    clean = _clean(name)
    if clean == name and len(name) + len(_SUFFIX) <= LONGEST:
        return name + _SUFFIX
    return _with_hash(name, workload)


def _with_hash(name: str, workload: WorkloadRef) -> str:
    digest = sha256(f"{workload.kind}/{workload.name}".encode()).hexdigest()[:8]
    room = LONGEST - len(_SUFFIX) - len(digest) - 1
    stem = _clean(_clean(name)[:room]) or "workload"
    return f"{stem}-{digest}{_SUFFIX}"


def _clean(name: str) -> str:
    return _BAD_DOT.sub(".", _FOREIGN.sub("-", name.lower())).strip("-.")
