"""Who connected to whom, batch by batch: `WorkloadEdges`, from the enricher to the windows of one partition."""

from dataclasses import dataclass

from schemas.records.types import Counts, Millis
from schemas.records.workloads import Peer, ServiceRef, Workload


@dataclass(frozen=True, slots=True)
class BatchSource:
    """One enriched `ConnectionBatch`, and what became of its connections that are not edges.

    Every partition hears of every batch, so that each sees the same watermark and the same gaps.

    Attributes:
        node: The node's name.
        boot_id: The collector's boot.
        sequence: The batch's number within the boot.
        interval_start: When counting began.
        interval_end: When counting ended.
        losses: As in the batch.
        unresolved: Connections whose local end could not be resolved, by reason.
        ignored: Connections left out on purpose, by reason.
        held: As in the batch: connections that only a later batch of the boot tells.
    """

    node: str
    boot_id: str
    sequence: int
    interval_start: Millis
    interval_end: Millis
    losses: Counts = ()
    unresolved: Counts = ()
    ignored: Counts = ()
    held: int = 0


@dataclass(frozen=True, slots=True)
class EdgeColumns:
    """Observations in columns: one position is what one end saw of one edge in one batch.

    Each observation goes to the workload of either end; `observed_by` says which end's socket was seen.

    Attributes:
        sources: Index into the record's sources.
        workloads: Index into the record's workloads: the subject.
        peers: Index into the record's peers.
        services: Index into the record's services, or -1.
        roles: What the subject did: one byte each, 0 CLIENT, 1 SERVER, 2 UNKNOWN.
        observed_by: The end whose socket was seen: one byte each, 0 CLIENT, 1 SERVER, 2 UNKNOWN.
        bases: One byte each, as in `Connections`.
        protocols: One byte each, 0 TCP, 1 UDP, 2 SCTP.
        established: One byte each: 1 established, 0 attempted.
        ports: The server pod's port, after Service translation.
        counts: Connections.
        first_seen: Of these, the first.
        last_seen: Milliseconds after first_seen.
        shared: One byte each: 1 if the Service stands for several workloads and nobody knows yet which of them was
            reached; empty if no row is.
        far: Index into the record's nodes: where the end ran that was not observed, or -1 if that is not known; empty
            if it is known of no row.
    """

    sources: tuple[int, ...] = ()
    workloads: tuple[int, ...] = ()
    peers: tuple[int, ...] = ()
    services: tuple[int, ...] = ()
    roles: bytes = b""
    observed_by: bytes = b""
    bases: bytes = b""
    protocols: bytes = b""
    established: bytes = b""
    ports: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    first_seen: tuple[int, ...] = ()
    last_seen: tuple[int, ...] = ()
    shared: bytes = b""
    far: tuple[int, ...] = ()

    def __len__(self) -> int:
        """How many observations."""
        return len(self.ports)


@dataclass(frozen=True, slots=True)
class WorkloadEdges:
    """Edges of several workloads of one partition, out of one or more batches, kept apart by their source.

    Attributes:
        cluster: The cluster's name.
        sources: The batches enriched together, in order; also those without an edge for this partition.
        workloads: Table of subjects.
        peers: Table of peers.
        services: Table of Services.
        edges: The observations, in columns.
        nodes: Table of nodes on which pods ran that were not observed.
    """

    cluster: str
    sources: tuple[BatchSource, ...]
    workloads: tuple[Workload, ...] = ()
    peers: tuple[Peer, ...] = ()
    services: tuple[ServiceRef, ...] = ()
    edges: EdgeColumns = EdgeColumns()
    nodes: tuple[str, ...] = ()
