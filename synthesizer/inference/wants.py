"""What each edge asks of a policy, before peers are written as selectors and blocks."""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.records import EdgeEvidence, Peer
from synthesizer.inference import model, ports
from synthesizer.inference.model import Direction, Port
from synthesizer.peers import identity


@dataclass(frozen=True, slots=True)
class Want:
    """One port of one peer.

    Attributes:
        direction: Ingress or egress.
        peer: The other end.
        port: The pod port.
        assumed: It was not seen, but belongs to what was (DNS over TCP).
    """

    direction: Direction
    peer: Peer
    port: Port
    assumed: bool = False


def wants_of(edges: Iterable[EdgeEvidence]) -> tuple[Want, ...]:
    """What the edges ask for; nothing is assumed that was seen."""
    edges = tuple(edges)
    seen = [Want(model.direction_of(edge.role), edge.peer, port) for edge in edges for port in ports.ports_of(edge)]
    assumed = [
        Want(model.direction_of(edge.role), edge.peer, port, assumed=True)
        for edge in edges
        for port in ports.ports_beside(edge)
    ]
    known = {(want.direction, identity(want.peer), want.port) for want in seen}
    return (*seen, *(want for want in assumed if (want.direction, identity(want.peer), want.port) not in known))
