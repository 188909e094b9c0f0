"""The algebra of rules: who (`RulePeer`, a closed union), on which port, in which direction."""

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_network
from typing import TypeAlias, assert_never

from schemas.records import Labels, Protocol, Role


class Direction(Enum):
    """As a policy says it."""

    INGRESS = "ingress"
    EGRESS = "egress"


@dataclass(frozen=True, slots=True)
class PodsPeer:
    """Pods of one namespace that carry these labels; never without labels.

    Attributes:
        namespace: Their namespace, also where it is the policy's own.
        labels: The labels.
    """

    namespace: str
    labels: Labels


@dataclass(frozen=True, slots=True)
class BlockPeer:
    """Addresses outside the cluster.

    Attributes:
        cidr: Canonical text.
        excepted: Ranges inside it that are left out, canonical and sorted.
    """

    cidr: str
    excepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyPeer:
    """Whoever it is; the rule names ports alone."""


RulePeer: TypeAlias = PodsPeer | BlockPeer | AnyPeer


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """A pod port, or a range of them.

    Attributes:
        number: The port, or the first of the range.
        protocol: TCP, UDP or SCTP, as text so that ports can be sorted.
        last: The last of the range; 0 for a single port.
    """

    number: int
    protocol: str
    last: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """The smallest rule: one peer, one port.

    Attributes:
        direction: Ingress or egress.
        peer: Who.
        port: On which port.
    """

    direction: Direction
    peer: RulePeer
    port: Port


@dataclass(frozen=True, slots=True)
class Rule:
    """Peers times ports, as one rule of a policy.

    Attributes:
        peers: In the one order.
        ports: In the one order.
    """

    peers: tuple[RulePeer, ...]
    ports: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Generalisation:
    """What a policy admits beyond the observed edges, and the sentence that says so.

    Attributes:
        grant: What is admitted.
        text: The sentence.
    """

    grant: Grant
    text: str


@dataclass(frozen=True, slots=True)
class Inferred:
    """What follows from the evidence of one workload.

    Attributes:
        grants: Plain rules, one for each observed edge at most.
        generalisations: Of these, the ones that admit more than was observed.
        warnings: What a person should know, sorted.
        reason: Why there can be no policy; empty if there can.
        directions: Those that the policy isolates.
    """

    grants: frozenset[Grant] = frozenset()
    generalisations: tuple[Generalisation, ...] = ()
    warnings: tuple[str, ...] = ()
    reason: str = ""
    directions: tuple[Direction, ...] = field(default=(Direction.INGRESS, Direction.EGRESS))


def direction_of(role: Role) -> Direction:
    """A server's edges come in, a client's go out; raises ValueError for an unknown role."""
    match role:
        case Role.SERVER:
            return Direction.INGRESS
        case Role.CLIENT:
            return Direction.EGRESS
        case Role.UNKNOWN:
            raise ValueError("an edge of unknown role has no direction")
        case _:
            assert_never(role)


def port_of(protocol: Protocol, number: int) -> Port:
    """One port."""
    return Port(number, protocol.value)


def peer_order(peer: RulePeer) -> tuple[int, str, int, bytes, tuple[str, ...]]:
    """Sort key: pods by namespace and labels, then blocks by address, then anyone."""
    match peer:
        case PodsPeer(namespace, labels):
            return (0, namespace, 0, b"", tuple(f"{key}={value}" for key, value in labels))
        case BlockPeer(cidr, excepted):
            network = ip_network(cidr)
            return (1, "", network.version, network.network_address.packed + bytes([network.prefixlen]), excepted)
        case AnyPeer():
            return (2, "", 0, b"", ())
        case _:
            assert_never(peer)
