"""What one line of a recording can be: the closed union `Recorded`."""

from dataclasses import dataclass
from typing import TypeAlias

from schemas.records import Connection, Edge, Labels, Millis, Protocol, Role, Workload


@dataclass(frozen=True, slots=True)
class RawLine:
    """Addresses as a node saw them; only Kubernetes objects can say whose they are.

    Attributes:
        node: The node's name.
        connection: What it saw.
    """

    node: str
    connection: Connection


@dataclass(frozen=True, slots=True)
class EnrichedLine:
    """One edge of a workload, as `monitor` prints it.

    Attributes:
        workload: The subject.
        edge: What it did, with the connections since the line before.
    """

    workload: Workload
    edge: Edge


@dataclass(frozen=True, slots=True)
class SeenPod:
    """A pod as an imported event names it.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        labels: Its labels, those of one run included; empty if the event has none.
        owner: Name of its controller, empty if the event does not say.
    """

    namespace: str
    name: str
    labels: Labels = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class SeenService:
    """A Service as an imported event names it.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        selector: Its selector; empty for a Service without one, such as `kubernetes`.
        address: The address that the client connected to, empty if the event does not say.
    """

    namespace: str
    name: str
    selector: Labels = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class SeenAddress:
    """The other end, when it is neither a pod nor a Service that the event's writer knew.

    Attributes:
        address: As text.
    """

    address: str


SeenEnd: TypeAlias = SeenPod | SeenService | SeenAddress


@dataclass(frozen=True, slots=True)
class ImportedEvent:
    """A connection as Inspektor Gadget wrote it, in any of its forms.

    Attributes:
        local: The pod whose socket or packet was seen.
        remote: The other end.
        role: What the local pod did.
        protocol: TCP, UDP or SCTP.
        port: The server's port as the local pod saw it; a Service's port if the remote end is one.
        time: When, 0 if the event does not say.
    """

    local: SeenPod
    remote: SeenEnd
    role: Role
    protocol: Protocol
    port: int
    time: Millis = 0


@dataclass(frozen=True, slots=True)
class Skipped:
    """A well-formed line that holds no connection.

    Attributes:
        reason: One or two words, to be counted by.
    """

    reason: str


Recorded: TypeAlias = RawLine | EnrichedLine | ImportedEvent | Skipped


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be read.

    Attributes:
        number: Counted from 1.
        reason: Why, one sentence.
    """

    number: int
    reason: str
