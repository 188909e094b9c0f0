"""The rows of one record into windows: what its tables hold is looked up once, not once for each row."""

from dataclasses import dataclass

from schemas.records import ExternalPeer, Peer, WorkloadEdges
from streams.columns import Row
from streams.edge_sum import CLIENT, SERVER
from streams.interned import PEER_SHIFT, Known, Peers, kind_of
from streams.ledger import Boot
from streams.open_window import OpenWindow, in_crowd
from streams.outside import Outside, outside


@dataclass(frozen=True, slots=True)
class _Inside:
    """A peer of the record that has a number, shifted to its place in the numbers of edges."""

    base: int
    known: Known


class Merging:
    """Counts the rows of one record."""

    def __init__(self, record: WorkloadEdges, peers: Peers) -> None:
        self._record = record
        self._services = (*record.services, None)
        self._nodes = (*record.nodes, "")
        self._boots = [Boot(source.node, source.boot_id) for source in record.sources]
        self._peers = [_looked_up(peer, peers) for peer in record.peers]
        self._accepted: dict[tuple[int, int], bool] = {}

    def add(self, window: OpenWindow, row: Row, missing: int) -> None:
        """Count a row in its window, unless the window has its batch already; `missing` as in `News`."""
        (
            source,
            workload,
            number,
            service,
            role,
            observer,
            _,
            protocol,
            established,
            port,
            count,
            first,
            last,
            _,
            far,
        ) = row
        place = (id(window), source)
        accepted = self._accepted.get(place)
        if accepted is None:
            accepted = self._accepted[place] = window.accept(self._record.sources[source], missing)
        if not accepted:
            return
        kind = kind_of(role, protocol, port)
        peer = self._peers[number]
        if isinstance(peer, Outside):
            window.crowds.add(kind, peer, row, self._services[service])
        else:
            window.add(peer.base | kind, peer.known, row, self._services[service], self._nodes[far])
            if established and role == SERVER and observer == CLIENT and peer.known.is_workload:
                window.tell(self._boots[source], kind, count)
        if first + last >= window.newest:
            window.describe(self._record.workloads[workload], first + last)


def _looked_up(peer: Peer, peers: Peers) -> Outside | _Inside:
    if isinstance(peer, ExternalPeer) and in_crowd(peer):
        return outside(peer.address)
    number = peers.number(peer)
    return _Inside(number << PEER_SHIFT, peers[number])
