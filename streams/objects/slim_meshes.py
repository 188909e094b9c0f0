"""What redirects a pod's connections, as far as the pod itself tells.

Sources: Istio's sidecar injection and ambient (its labels and annotations page), Linkerd's proxy injection.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.objects import fields

Object = Mapping[str, Any]
ISTIO: Final = "istio"
LINKERD: Final = "linkerd"
AMBIENT: Final = "ambient"
DATAPLANE_MODE: Final = "istio.io/dataplane-mode"
"""Label of a namespace or a pod: ambient, or none for a pod that stays out of it."""
_PROXIES: Final = {"istio-proxy": ISTIO, "linkerd-proxy": LINKERD}
_CAPTURED: Final = "ambient.istio.io/redirection"
"""Annotation that Istio's node agent sets on each pod whose connections it has redirected."""


def mesh_of(source: Object, annotations: Mapping[str, str]) -> str:
    """The mesh whose proxy the pod carries, or ambient if its connections are redirected from outside; else empty.

    Args:
        source: The pod.
        annotations: Of it.
    """
    carried = [_PROXIES[name] for name in _lasting_containers(source) if name in _PROXIES]
    if carried:
        return carried[0]
    labels = dict(fields.labels(source, "metadata.labels"))
    return AMBIENT if annotations.get(_CAPTURED) == "enabled" or labels.get(DATAPLANE_MODE) == AMBIENT else ""


def _lasting_containers(source: Object) -> Iterator[str]:
    """Containers, and init containers that stay (KEP-753)."""
    for container in fields.items(source, "spec.containers"):
        yield fields.text(container, "name")
    for container in fields.items(source, "spec.initContainers"):
        if fields.text(container, "restartPolicy") == "Always":
            yield fields.text(container, "name")
