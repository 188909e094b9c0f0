"""What a node saw: `ConnectionBatch`, from the collector to the enricher."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.records.types import Basis, Counts, Millis, Protocol, Role

ROLES = tuple(Role)
BASES = tuple(Basis)
PROTOCOLS = tuple(Protocol)
_ROLE = {role: index for index, role in enumerate(ROLES)}
_BASIS = {basis: index for index, basis in enumerate(BASES)}
_PROTOCOL = {protocol: index for index, protocol in enumerate(PROTOCOLS)}


@dataclass(frozen=True, slots=True)
class Connection:
    """One edge as one node saw it in one interval: a connection without its ephemeral port, counted.

    Attributes:
        role: What the local end did.
        basis: Why the role is believed.
        protocol: TCP, UDP or SCTP.
        local_address: 4 or 16 bytes in network order; v4-mapped addresses are unwrapped.
        remote_address: The same, for the other end, before any address translation on this node.
        port: The server's port, as this end saw it.
        established: False for an attempt that was refused or not answered.
        count: Connections, for UDP flows, begun since the last report; 0 if the edge was only seen open.
        first_seen: Of these, or of the sightings, the first.
        last_seen: Of these, or of the sightings, the last.
        netns_cookie: The kernel's cookie of the socket's network namespace; 0 if unknown.
        pod_uid: The pod's UID where the node knows it, else empty.
    """

    role: Role
    basis: Basis
    protocol: Protocol
    local_address: bytes
    remote_address: bytes
    port: int
    established: bool
    count: int
    first_seen: Millis
    last_seen: Millis
    netns_cookie: int = 0
    pod_uid: str = ""


@dataclass(frozen=True, slots=True)
class Connections:
    """The connections of a batch in columns: one position is one `Connection`.

    Columns and tables make a batch small on the wire and cheap to decode (docs/decisions/0002).

    Attributes:
        addresses: Table of distinct addresses, 4 or 16 bytes each.
        pod_uids: Table of distinct pod UIDs; the empty string stands for unknown.
        netns_cookies: Table of distinct network namespace cookies; 0 stands for unknown.
        roles: One byte each: 0 CLIENT, 1 SERVER, 2 UNKNOWN.
        bases: One byte each: 0 CONNECT, 1 ACCEPT, 2 LISTENER, 3 FIRST_SENDER, 4 SNAPSHOT, 5 IMPORT.
        protocols: One byte each: 0 TCP, 1 UDP, 2 SCTP.
        established: One byte each: 1 established, 0 attempted.
        local: Index into addresses.
        remote: Index into addresses.
        ports: The server's port.
        counts: Connections, for UDP flows, begun since the last report; 0 if the edge was only seen open.
        first_seen: Milliseconds after the batch's interval_start; may be negative.
        last_seen: Milliseconds after the connection's own first_seen.
        pods: Index into pod_uids.
        netns: Index into netns_cookies.
    """

    addresses: tuple[bytes, ...] = ()
    pod_uids: tuple[str, ...] = ()
    netns_cookies: tuple[int, ...] = ()
    roles: bytes = b""
    bases: bytes = b""
    protocols: bytes = b""
    established: bytes = b""
    local: tuple[int, ...] = ()
    remote: tuple[int, ...] = ()
    ports: tuple[int, ...] = ()
    counts: tuple[int, ...] = ()
    first_seen: tuple[int, ...] = ()
    last_seen: tuple[int, ...] = ()
    pods: tuple[int, ...] = ()
    netns: tuple[int, ...] = ()

    def __len__(self) -> int:
        """How many connections."""
        return len(self.ports)

    @classmethod
    def of(cls, rows: Iterable[Connection], interval_start: Millis) -> "Connections":
        """Rows as columns; order is kept, tables are in order of first use."""
        kept = tuple(rows)
        addresses: dict[bytes, int] = {}
        uids: dict[str, int] = {}
        cookies: dict[int, int] = {}
        return cls(
            roles=bytes(_ROLE[row.role] for row in kept),
            bases=bytes(_BASIS[row.basis] for row in kept),
            protocols=bytes(_PROTOCOL[row.protocol] for row in kept),
            established=bytes(row.established for row in kept),
            local=tuple(addresses.setdefault(row.local_address, len(addresses)) for row in kept),
            remote=tuple(addresses.setdefault(row.remote_address, len(addresses)) for row in kept),
            ports=tuple(row.port for row in kept),
            counts=tuple(row.count for row in kept),
            first_seen=tuple(row.first_seen - interval_start for row in kept),
            last_seen=tuple(row.last_seen - row.first_seen for row in kept),
            pods=tuple(uids.setdefault(row.pod_uid, len(uids)) for row in kept),
            netns=tuple(cookies.setdefault(row.netns_cookie, len(cookies)) for row in kept),
            addresses=tuple(addresses),
            pod_uids=tuple(uids),
            netns_cookies=tuple(cookies),
        )

    def rows(self, interval_start: Millis) -> Iterator[Connection]:
        """Columns as rows; raises ValueError or IndexError if the columns disagree."""
        columns = zip(
            self.roles, self.bases, self.protocols, self.established, self.local, self.remote, self.ports,
            self.counts, self.first_seen, self.last_seen, self.pods, self.netns, strict=True,
        )  # fmt: skip
        for (
            role,
            basis,
            protocol,
            established,
            local,
            remote,
            port,
            count,
            first,
            last,
            pod,
            netns,
        ) in columns:
            yield Connection(
                role=ROLES[role],
                basis=BASES[basis],
                protocol=PROTOCOLS[protocol],
                local_address=self.addresses[local],
                remote_address=self.addresses[remote],
                port=port,
                established=bool(established),
                count=count,
                first_seen=interval_start + first,
                last_seen=interval_start + first + last,
                netns_cookie=self.netns_cookies[netns],
                pod_uid=self.pod_uids[pod],
            )


@dataclass(frozen=True, slots=True)
class ConnectionBatch:
    """Everything one collector saw in one interval, with the ledger of what it did not see.

    A batch without connections is a heartbeat: it says that the node looked and saw nothing.

    Attributes:
        cluster: The cluster's name, first part of the key.
        node: The node's name, second part of the key.
        boot_id: One per start of the collector; with `sequence` it names the batch for ever.
        sequence: 0, 1, 2, ... within a boot; a missing number is a lost batch.
        interval_start: When counting began.
        interval_end: When counting ended; the next batch begins here.
        connections: The edges, in columns.
        losses: Connections or records not reported, by stage, counted since the boot.
        ignored: Connections left out on purpose, by reason (loopback, own_address), counted since the boot.
        held: Connections counted on edges told before, which a later batch of the boot tells; if the boot has no later
            batch, because it was killed, they are lost. The last batch of an orderly end holds none.
    """

    cluster: str
    node: str
    boot_id: str
    sequence: int
    interval_start: Millis
    interval_end: Millis
    connections: Connections = Connections()
    losses: Counts = ()
    ignored: Counts = ()
    held: int = 0

    @property
    def key(self) -> str:
        """The record's key."""
        return f"{self.cluster}/{self.node}"

    def rows(self) -> Iterator[Connection]:
        """The connections, one by one."""
        return self.connections.rows(self.interval_start)
