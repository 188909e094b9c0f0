"""Which labels stay when a pod is run again.

Sources: the well-known labels page of Kubernetes; Inspektor Gadget's ignore list and its open items (#39); the labels
page of Istio, whose injection adds its own revision and the workload's.
"""

from typing import Final

from schemas.records import Labels

_RUN_LABELS: Final = frozenset(
    {
        "job-name",
        "controller-uid",
        "pod-template-hash",
        "rollouts-pod-template-hash",
        "controller-revision-hash",
        "pod-template-generation",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "app.kubernetes.io/version",
        "istio.io/rev",
        "service.istio.io/canonical-revision",
        "helm.sh/chart",
    }
)
_RUN_PREFIXES: Final = (
    "batch.kubernetes.io/",
    "topology.kubernetes.io/",
    "failure-domain.beta.kubernetes.io/",
    "kubernetes.io/hostname",
)


def stable(labels: Labels) -> Labels:
    """The labels that a later run of the same workload will carry too."""
    return tuple((key, value) for key, value in labels if key not in _RUN_LABELS and not key.startswith(_RUN_PREFIXES))
