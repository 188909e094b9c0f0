"""Ports at which a mesh's redirection ends, where the port that a client asked for is no longer to be seen.

The whole reasoning is in docs/decisions/0013-meshes.md.
"""

from typing import Final

from streams.objects.slim_meshes import AMBIENT, ISTIO, LINKERD

_ISTIO_PORTS: Final = frozenset({15001, 15006})
"""Outbound and inbound capture (Istio's page of application requirements)."""
_LINKERD_PORTS: Final = frozenset({4140, 4143})
"""Outbound and inbound proxy (Linkerd's proxy configuration page)."""
_NEVER_ASKED: Final = {ISTIO: _ISTIO_PORTS, AMBIENT: _ISTIO_PORTS}
_CAPTURED: Final = {**_NEVER_ASKED, LINKERD: _LINKERD_PORTS}


def hides_port(mesh: str, port: int, *, seen_by_client: bool) -> bool:
    """Whether what was seen at a port of a pod in this mesh tells the proxy's port instead of the one asked for.

    A client's socket tells the port that the packet had. Linkerd's proxies do ask each other for 4143.
    """
    return port in (_NEVER_ASKED if seen_by_client else _CAPTURED).get(mesh, ())
