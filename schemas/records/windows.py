"""What a workload did in one interval of event time: `WorkloadWindow`, a public record."""

from dataclasses import dataclass

from schemas.records.types import Basis, Counts, Millis, Protocol, Role
from schemas.records.workloads import Peer, ServiceRef, Workload


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge of a workload in one window, from all its observers.

    Attributes:
        role: What the workload did: CLIENT is egress, SERVER is ingress.
        peer: The other end.
        protocol: TCP, UDP or SCTP.
        port: The server pod's port, after Service translation.
        client_count: Established connections as the client's end saw them.
        server_count: Established connections as the server's end saw them.
        unknown_count: Connections seen by an end whose role is not known.
        attempts: Connections tried and not established, by the end that saw more of them.
        first_seen: The first observation.
        last_seen: The last observation.
        bases: Why the role is believed, sorted.
        services: Services through which the server was reached, sorted.
        client_attempts: Attempts as the client's end, or one of unknown role, saw them.
        server_attempts: Attempts as the server's end saw them.
        still_open: Ends whose connections had all begun before the window and were still open in it, so that they count
            none; sorted.
        shared: The Service stands for several workloads, and no server's end told which of them was reached: the peer,
            or the workload itself where it is the server, is one of several candidates.
        hidden_client: The client is not known: a server's end saw a node's address, and no client on that node, whether
            workload or the node itself, told of these connections.
        shared_count: Of client_count, connections through a Service that stands for several workloads, so that another
            of them may have been the server.
        unconfirmed: Only one end saw it although, in this final window, a collector reported from a node of the other
            end: its address was translated, or one end is wrong. Never set if that end's node is not known, or if it
            did not report (see far_nodes).
        far_nodes: Where the end that did not see it ran, the first 8 in order; empty once both ends saw it, or if that
            end is no pod or may run on several nodes.
    """

    role: Role
    peer: Peer
    protocol: Protocol
    port: int
    client_count: int
    server_count: int
    unknown_count: int
    attempts: int
    first_seen: Millis
    last_seen: Millis
    bases: tuple[Basis, ...] = ()
    services: tuple[ServiceRef, ...] = ()
    client_attempts: int = 0
    server_attempts: int = 0
    still_open: tuple[Role, ...] = ()
    shared: bool = False
    hidden_client: bool = False
    shared_count: int = 0
    unconfirmed: bool = False
    far_nodes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Established connections begun in the window: both ends saw the same ones, so the larger count stands.

        Where a server's end decided who was reached, the client's count of all candidates together does not.
        """
        by_client = self.client_count if self.shared else self.client_count - self.shared_count
        return max(by_client, self.server_count, self.unknown_count)

    @property
    def established(self) -> bool:
        """Whether a connection came about or went on; attempts alone are never evidence for a rule."""
        return self.count > 0 or bool(self.still_open)

    @property
    def seen_by(self) -> tuple[Role, ...]:
        """The ends that saw an established connection, in the order of `Role`."""
        counts = zip(Role, (self.client_count, self.server_count, self.unknown_count), strict=True)
        return tuple(role for role, count in counts if count or role in self.still_open)


@dataclass(frozen=True, slots=True)
class Told:
    """Connections to the workload that clients on one node told of: what explains a node's address at the server's end.

    Attributes:
        protocol: TCP, UDP or SCTP.
        port: The server pod's port.
        count: Established connections; 0 if they were only seen open.
    """

    protocol: Protocol
    port: int
    count: int


@dataclass(frozen=True, slots=True)
class WindowSource:
    """The batches of one collector boot that are in a window.

    Attributes:
        node: The node's name.
        boot_id: The collector's boot.
        last_sequence: The last batch applied; anything not newer is a repetition.
        missing: Numbers skipped so far: batches lost on the way.
        losses: The collector's ledger at the last batch.
        told: What client workloads on the node told of connections to this workload, by protocol and port.
    """

    node: str
    boot_id: str
    last_sequence: int
    missing: int = 0
    losses: Counts = ()
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class ExternalCrowd:
    """Too many external addresses to be told apart: their edges stand for prefixes, the finest that are few enough.

    Which level that is depends on the set of addresses alone, not on their order; prefixes are never wider than a
    private range that holds them.

    Attributes:
        role: What the workload did.
        protocol: TCP, UDP or SCTP.
        port: The server's port.
        version: 4 or 6.
        private: The addresses are none of the internet's.
        established: Of established connections; otherwise of attempts, whose prefixes keep counts but no times of their
            own (the window's bounds stand for them), bases or services.
        bits: Leading bits that are told apart; `ExternalPeer.bits` of the edges.
        addresses: Distinct addresses, estimated to within about 3%.
        sketch: The HyperLogLog registers behind the estimate, one byte each; merge by the larger of each.
    """

    role: Role
    protocol: Protocol
    port: int
    version: int
    private: bool
    established: bool
    bits: int
    addresses: int
    sketch: bytes


@dataclass(frozen=True, slots=True)
class WorkloadWindow:
    """All edges of a workload in one window of event time; the latest revision replaces the earlier ones.

    Attributes:
        cluster: The cluster's name.
        workload: The workload.
        start: The window's start; a multiple of its length.
        end: The window's end, exclusive.
        revision: 1, 2, ...: grows with each emission of this window; another worker that goes on with it begins beyond
            the next thousand.
        final: The watermark has passed the end; a late edge still makes a newer revision.
        complete: No gap, no loss and no missing node is known for this window.
        incomplete_because: The reasons, one sentence each.
        sources: Where the edges come from; also the state from which a restarted worker goes on.
        edges: The edges, in one fixed order.
        explained: Edges as they were seen that others explain, and which are no part of what the workload did: a node's
            address under which a server's end saw clients that told of it themselves; workloads of a shared Service
            where another of them was the server. Kept so that a restarted worker goes on from here.
        crowds: The external addresses that are told apart by prefixes only.
        left_out: Edges that had no room in the record, at least; those that were only tried first.
        described_at: The newest sighting; the workload is as it was then.
    """

    cluster: str
    workload: Workload
    start: Millis
    end: Millis
    revision: int
    final: bool
    complete: bool
    incomplete_because: tuple[str, ...]
    sources: tuple[WindowSource, ...]
    edges: tuple[Edge, ...]
    explained: tuple[Edge, ...] = ()
    crowds: tuple[ExternalCrowd, ...] = ()
    described_at: Millis = 0
    left_out: int = 0

    @property
    def key(self) -> str:
        """The record's key."""
        return f"{self.cluster}/{self.workload.namespace}/{self.workload.kind}/{self.workload.name}"
