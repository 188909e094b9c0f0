"""A directory's answers by number, kept while they hold: many connections ask for the same ends at about one time.

Most ends are plain: a pod without a mesh, or, at the other end, something that is neither pod nor node, and the only
one that may have been there. What is told of a connection between two of them follows from their numbers alone, so
that it is worked out for all connections of a batch at once (`streams.edges.enrich`). Whoever makes one of these holds
the inventory's lock for as long as it is used, so the directory does not change.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from schemas.records import Millis
from schemas.records.connections import PROTOCOLS
from streams.directory.directory import Directory
from streams.directory.ends import End, OtherEnd, PodEnd, Server
from streams.directory.resolve import SERVER, Own, Span, own_end
from streams.edges.tables import NONE, Column, Tables

Asked: TypeAlias = tuple[int, int, bytes, int]
"""What of a connection decides who was at its other end, besides the time: role, protocol, address and port."""
NOBODY: Final = 0
"""The number of every own end that is not plain."""


class Answers:
    """Answers for any time within a span; None where the answer differs from one moment of it to another.

    Args:
        directory: Does not change meanwhile.
        span: First and last moment.
        tables: Give the numbers.

    Attributes:
        own_ends: Rows of plain own ends by number: its workload's numbers in the tables as a subject and as a peer.
        other_ends: The same of other ends, with the number of the Service through which it was reached, its port,
            and the number of its node; -1 for what it has not.
        others: Numbers of other ends; negative for those that are not plain.
    """

    def __init__(self, directory: Directory, span: Span, tables: Tables) -> None:
        self.directory = directory
        self.span = span
        self.tables = tables
        self.own_ends = Column(2)
        self.own_ends.extend((NONE, NONE))  # NOBODY
        self.other_ends = Column(5)
        self.others: dict[Asked, int] = {}
        self._own: dict[tuple[str, bytes], End | None] = {}
        self._own_numbers: dict[int, int] = {}
        self._servers: list[tuple[Server, ...] | None] = []

    def covers(self, first: Millis, last: Millis) -> bool:
        """Whether both moments lie within the span."""
        return self.span[0] <= first and last <= self.span[1]

    def own_end(self, pod_uid: str, address: bytes) -> End | None:
        """Who was at a connection's own end."""
        asked = (pod_uid, address)
        if asked not in self._own:
            self._own[asked] = self._ask_own(pod_uid, address)
        return self._own[asked]

    def own(self, pod_uid: str, address: bytes) -> int:
        """The number of who was at a connection's own end; NOBODY if it is not plain."""
        end = self.own_end(pod_uid, address)
        if not isinstance(end, PodEnd) or end.mesh:
            return NOBODY
        known = self._own_numbers.get(id(end))
        if known is None:  # `_own` keeps it
            known = self._own_numbers[id(end)] = len(self.own_ends)
            self.own_ends.extend(self.tables.workload(end.peer))
        return known

    def ask(self, unknown: Sequence[Asked]) -> None:
        """Find out what was at other ends of which there is nothing in `others` yet."""
        of_clients = [asked for asked in unknown if asked[0] == SERVER]
        pods = self.directory.only_pods([address for _, _, address, _ in of_clients], *self.span)
        tables, row, number = self.tables, self.other_ends.extend, len(self.others)
        for asked, end in zip(of_clients, pods, strict=True):
            if end is not None and not end.mesh:
                row((*tables.workload(end.peer), NONE, asked[3], tables.node(end.node)))
                self.others[asked] = number
                number += 1
        for asked in unknown:
            if asked not in self.others:
                self.others[asked] = self._other(asked)

    def servers(self, asked: Asked) -> tuple[Server, ...] | None:
        """What was at a connection's other end, in full, once it has a number."""
        number = self.others[asked]
        return self._servers[~number] if number < 0 else self._found(*asked)

    def _ask_own(self, pod_uid: str, address: bytes) -> End | None:
        if not pod_uid:
            return self.directory.steady_end(address, *self.span)
        pod = self.directory.pod(pod_uid)
        if pod is not None and not pod.peer.workload.host_network:
            return pod  # whenever it was
        steady = self.directory.steady(address, *self.span)
        return own_end(Own(pod_uid, address), self.span, self.directory) if steady else None

    def _other(self, asked: Asked) -> int:
        tables, row, number = self.tables, self.other_ends.extend, len(self.others)
        servers = self._found(*asked)
        if servers is not None and len(servers) == 1:
            ((end, port, service),) = servers
            if isinstance(end, PodEnd) and not end.mesh:
                row((*tables.workload(end.peer), tables.service(service), port, tables.node(end.node)))
                return number
            if isinstance(end, OtherEnd):
                row((NONE, tables.peers.number(end.peer), tables.service(service), port, NONE))
                return number
        row((NONE, NONE, NONE, 0, NONE))
        self._servers.append(servers)
        return ~(len(self._servers) - 1)

    def _found(self, role: int, protocol: int, address: bytes, port: int) -> tuple[Server, ...] | None:
        if role != SERVER:
            return self.directory.steady_servers(address, PROTOCOLS[protocol], port, self.span)
        end = self.directory.steady_end(address, *self.span)
        return None if end is None else (Server(end, port),)
