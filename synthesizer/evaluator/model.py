"""What the evaluator speaks of: pods, addresses, connections, and policies as Kubernetes means them."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, TypeAlias

from schemas.records import Labels, Protocol

Network: TypeAlias = IPv4Network | IPv6Network
Way: TypeAlias = Literal["ingress", "egress"]
"""The two directions, each of which a policy isolates or not."""


@dataclass(frozen=True, slots=True)
class PodPort:
    """A named container port.

    Attributes:
        name: Its name.
        protocol: Its protocol.
        number: Its number.
    """

    name: str
    protocol: Protocol
    number: int


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod; two pods are the same if namespace and name are.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        labels: Its labels.
        ips: Its addresses.
        ports: Its named ports.
        node: The node it runs on, empty if unknown.
    """

    namespace: str
    name: str
    labels: Labels
    ips: tuple[str, ...] = ()
    ports: tuple[PodPort, ...] = ()
    node: str = ""


@dataclass(frozen=True, slots=True)
class Outside:
    """An address that is no pod's own: the internet, a node, a pod on its node's network.

    Attributes:
        address: As text.
        node: The node's name if it is a node's address, else empty.
    """

    address: str
    node: str = ""


End: TypeAlias = Pod | Outside


@dataclass(frozen=True, slots=True)
class Connection:
    """What is asked about.

    Attributes:
        client: Who connects.
        server: To whom.
        protocol: TCP, UDP or SCTP.
        port: The server's port, a pod port if it is a pod.
    """

    client: End
    server: End
    protocol: Protocol
    port: int


@dataclass(frozen=True, slots=True)
class Requirement:
    """One term of a label selector.

    Attributes:
        key: The label.
        operator: In, NotIn, Exists or DoesNotExist.
        values: For In and NotIn.
    """

    key: str
    operator: str
    values: frozenset[str] = frozenset()


Selector: TypeAlias = tuple[Requirement, ...]
"""All terms must hold; none at all selects everything."""


@dataclass(frozen=True, slots=True)
class PeerRule:
    """One item of `from` or `to`.

    Attributes:
        pods: podSelector, None if absent.
        namespaces: namespaceSelector, None if absent: the policy's own namespace then.
        block: ipBlock.cidr, None if absent.
        excepted: ipBlock.except.
    """

    pods: Selector | None = None
    namespaces: Selector | None = None
    block: Network | None = None
    excepted: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class PortRule:
    """One item of `ports`.

    Attributes:
        protocol: TCP if absent.
        port: A number, a name, or None for every port.
        end: endPort, None if absent.
    """

    protocol: Protocol = Protocol.TCP
    port: int | str | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One item of `ingress` or `egress`.

    Attributes:
        peers: Empty: anyone.
        ports: Empty: every port of every protocol.
    """

    peers: tuple[PeerRule, ...] = ()
    ports: tuple[PortRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A NetworkPolicy.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        pods: The pods it selects.
        ingress: Rules; None if it does not isolate ingress.
        egress: Rules; None if it does not isolate egress.
    """

    namespace: str
    name: str
    pods: Selector
    ingress: tuple[PolicyRule, ...] | None
    egress: tuple[PolicyRule, ...] | None
