"""The ports that a rule for an edge names: the pod's own, after Service translation; and TCP beside DNS over UDP."""

from typing import Final

from schemas.records import EdgeEvidence, Protocol
from synthesizer.inference.model import Port, port_of

_DNS: Final = 53


def ports_of(edge: EdgeEvidence) -> tuple[Port, ...]:
    """The port that was reached on the server's pod; never the Service's."""
    return (port_of(edge.protocol, edge.port),)


def is_dns(edge: EdgeEvidence) -> bool:
    """Whether a resolver was asked: port 53 at its Service or at its pod (OpenShift: Service 53, pod 5353)."""
    return edge.port == _DNS or any(service.port == _DNS for service in edge.services)


def ports_beside(edge: EdgeEvidence) -> tuple[Port, ...]:
    """Ports that belong to it though not seen: a DNS answer that is cut short is asked for again over TCP.

    RFC 7766. Both ends get the port: where both have policies, one that refuses it would cut the answer off.
    """
    if edge.protocol is Protocol.UDP and is_dns(edge):
        return (port_of(Protocol.TCP, edge.port),)
    return ()
