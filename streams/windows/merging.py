"""The rows of one record into windows: what its tables hold is looked up once, not once for each row."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from schemas.records import ExternalPeer, Millis, Peer, Workload, WorkloadEdges, WorkloadRef
from streams.windows.columns import Row
from streams.windows.edge_sum import CLIENT, SERVER
from streams.windows.interned import PEER_SHIFT, Known, Peers
from streams.windows.ledger import Boot, News
from streams.windows.open_window import OpenWindow, in_crowd
from streams.windows.outside import Outside, outside

WindowOf: TypeAlias = Callable[[Workload, WorkloadRef, Millis], OpenWindow]
"""A workload's window that begins then, or the oldest that is kept."""


@dataclass(frozen=True, slots=True)
class _Inside:
    """A peer of the record that has a number, shifted to its place in the numbers of edges."""

    base: int
    known: Known


class Merging:
    """Counts the rows of one record.

    Attributes:
        touched: Windows with something new.
        moved: Connections that came too late for their own window.
    """

    def __init__(self, record: WorkloadEdges, peers: Peers, window_of: WindowOf) -> None:
        self._record = record
        self._window_of = window_of
        self._services = (*record.services, None)
        self._nodes = (*record.nodes, "")
        self._boots = [Boot(source.node, source.boot_id) for source in record.sources]
        self._refs = [workload.ref for workload in record.workloads]
        self._peers = [_looked_up(peer, peers) for peer in record.peers]
        self._accepted: dict[tuple[int, int], bool] = {}
        self.touched: list[OpenWindow] = []
        self.moved = 0

    def run(self, rows: Iterable[Row], news: Sequence[News], length: Millis) -> None:
        """All rows into windows of the length; `news` is of the record's sources."""
        targets: dict[tuple[int, int, Millis], OpenWindow | None] = {}
        peers, services, nodes, workloads = self._peers, self._services, self._nodes, self._record.workloads
        for row in rows:
            (
                source, workload, number, service, role, observer, _, protocol, established, port, count, first, last,
                _, far,
            ) = row  # fmt: skip
            last += first
            place = (source, workload, last - last % length)
            window = targets.get(place)
            if window is None:
                if place in targets:
                    continue
                window = targets[place] = self._target(place, news[source])
                if window is None:
                    continue
            if window.start > place[2]:
                self.moved += count
            peer, kind = peers[number], port << 4 | protocol << 2 | role  # kind_of, in the innermost loop
            if isinstance(peer, Outside):
                window.crowds.add(kind, peer, row, services[service])
            else:
                window.edge(peer.base | kind, peer.known, first).add(row, services[service], nodes[far])
                if role == SERVER and observer == CLIENT and established and peer.known.is_workload:
                    window.tell(self._boots[source], kind, count)
            if last >= window.newest:
                window.describe(workloads[workload], last)

    def _target(self, place: tuple[int, int, Millis], news: News) -> OpenWindow | None:
        """The window of a batch, workload and time; None if it has the batch already."""
        source, workload, start = place
        if news.repeated:
            return None
        window = self._window_of(self._record.workloads[workload], self._refs[workload], start)
        key = (id(window), source)
        if key not in self._accepted:
            self._accepted[key] = window.accept(self._record.sources[source], news.missing)
            if self._accepted[key]:
                self.touched.append(window)
        return window if self._accepted[key] else None


def _looked_up(peer: Peer, peers: Peers) -> Outside | _Inside:
    if isinstance(peer, ExternalPeer) and in_crowd(peer):
        return outside(peer.address)
    number = peers.number(peer)
    return _Inside(number << PEER_SHIFT, peers[number])
