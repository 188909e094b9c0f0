"""To whom the calls of a `rollout.Traffic` were told, and to whom they should be."""

from collections import Counter
from dataclasses import dataclass

from accounting import latest
from programs import Programs
from rollout import Call, Traffic
from whole_topics import whole

from schemas.kafka import KafkaSettings
from schemas.records import Edge, Role, WorkloadPeer, WorkloadWindow
from schemas.topics import WORKLOAD_WINDOWS


@dataclass(frozen=True)
class Told:
    """Every edge of the latest revision of every window."""

    edges: tuple[tuple[WorkloadWindow, Edge], ...]

    @classmethod
    def of(cls, kafka: KafkaSettings) -> "Told":
        """As it is now."""
        windows = latest(whole(kafka, WORKLOAD_WINDOWS)).values()
        return cls(tuple((window, edge) for window in windows for edge in window.edges))

    def on(self, port: int) -> Counter:
        """Connections on this port: by subject, role, peer and the end that saw them."""
        found: Counter = Counter()
        for window, edge in self.edges:
            if edge.port == port:
                peer = edge.peer.workload.name if isinstance(edge.peer, WorkloadPeer) else edge.peer
                found[window.workload.ref.name, edge.role, peer, Role.CLIENT] += edge.client_count
                found[window.workload.ref.name, edge.role, peer, Role.SERVER] += edge.server_count
        return +found

    def workloads(self, port: int) -> set[str]:
        """All that are named as either end on this port."""
        found = self.on(port)
        return {subject for subject, *_ in found} | {peer for _, _, peer, _ in found if isinstance(peer, str)}


def truth(call: Call) -> Counter:
    """What must be told of a call: both ends saw it, and it is told to the workload of either."""
    views = ((call.client, Role.CLIENT, call.server), (call.server, Role.SERVER, call.client))
    return Counter({(*view, observer): call.count for view in views for observer in (Role.CLIENT, Role.SERVER)})


def settled(run: Programs, traffic: Traffic) -> bool:
    """The last call was seen from both ends: the last batch of every node is in a window."""
    assert [child.tail() for child in run.running if child.exit_code is not None] == []
    last = Told.of(run.kafka).on(max(traffic.calls))
    return {observer for *_, observer in last} == {Role.CLIENT, Role.SERVER}
