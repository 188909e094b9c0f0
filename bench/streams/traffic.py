"""What the nodes of a world see of its traffic: batches of a given size, the same for the same seed."""

import random
from bisect import bisect
from itertools import accumulate
from typing import Final, NamedTuple

from bench.streams.world import (
    CLUSTER,
    PORT,
    SERVICE_PORT,
    Slot,
    World,
    node_name,
    protocol_of,
    service_address,
)
from schemas.records import Basis, Connection, ConnectionBatch, Connections, Millis, Protocol, Role

INTERVAL_MS: Final = 5_000
_CALLEES: Final = 12
_EXTERNAL: Final = (0xCB007100, 0x08080000)  # 203.0.113.0 on, 8.8.0.0 on
_CLIENT, _SERVER, _DIRECT, _DNS, _OUT, _IN = range(6)
_PARTS: Final = tuple(accumulate((40, 40, 4, 6, 5, 5)))


class _Seen(NamedTuple):
    role: Role
    protocol: Protocol
    remote: int
    port: int


class Traffic:
    """Zipf-like calls between workloads, each of which calls a few others; name look-ups; both ways to the outside."""

    def __init__(self, world: World, rows: int = 500) -> None:
        self._world = world
        self._rows = rows
        self._chance = random.Random(world.size.seed + 1)  # noqa: S311  a repeatable load, no secret
        workloads = world.size.workloads
        self._weights = list(accumulate(1 / (rank + 1) for rank in range(workloads)))
        self._callees = [[self._popular() for _ in range(_CALLEES)] for _ in range(workloads)]
        self._callers: list[list[int]] = [[] for _ in range(workloads)]
        for caller, callees in enumerate(self._callees):
            for callee in callees:
                self._callers[callee].append(caller)
        self._sequences = [0] * world.size.nodes

    def batch(self, node: int, begin: Millis) -> ConnectionBatch:
        """One interval of one node."""
        per_node = self._world.size.per_node
        pods = self._world.slots[node * per_node : (node + 1) * per_node]
        found: dict[tuple[str, _Seen], Connection] = {}
        while len(found) < self._rows:
            slot = pods[self._chance.randrange(len(pods))]
            seen = self._seen(slot)
            found[slot.uid, seen] = self._connection(slot, seen, begin)
        sequence = self._sequences[node]
        self._sequences[node] += 1
        rows = Connections.of(found.values(), begin)
        return ConnectionBatch(CLUSTER, node_name(node), f"boot-{node}", sequence, begin, begin + INTERVAL_MS, rows)

    def _seen(self, slot: Slot) -> _Seen:
        draw = self._chance.randrange
        what = bisect(_PARTS, draw(_PARTS[-1]))
        if what == _DNS:
            return _Seen(Role.CLIENT, protocol_of(0), service_address(0), SERVICE_PORT)
        if what == _OUT:
            return _Seen(Role.CLIENT, Protocol.TCP, _EXTERNAL[draw(2)] + min(draw(4096), draw(4096)), 443)
        if what == _IN:
            return _Seen(Role.SERVER, Protocol.TCP, _EXTERNAL[draw(2)] + draw(65_536), PORT)
        if what == _SERVER and self._callers[slot.workload]:
            caller = self._chance.choice(self._callers[slot.workload])
            return _Seen(Role.SERVER, protocol_of(slot.workload), self._pod_of(caller, slot), PORT)
        callee = self._callees[slot.workload][min(draw(_CALLEES), draw(_CALLEES))]
        if what == _DIRECT:
            return _Seen(Role.CLIENT, protocol_of(callee), self._pod_of(callee, slot), PORT)
        return _Seen(Role.CLIENT, protocol_of(callee), service_address(callee), SERVICE_PORT)

    def _pod_of(self, workload: int, default: Slot) -> int:
        members = self._world.members[workload]
        return self._world.slots[self._chance.choice(members)].address if members else default.address

    def _popular(self) -> int:
        return bisect(self._weights, self._chance.random() * self._weights[-1])

    def _connection(self, slot: Slot, seen: _Seen, begin: Millis) -> Connection:
        draw = self._chance.randrange
        first = begin + draw(INTERVAL_MS - 1)
        return Connection(
            role=seen.role,
            basis=Basis.CONNECT if seen.role is Role.CLIENT else Basis.ACCEPT,
            protocol=seen.protocol,
            local_address=slot.address.to_bytes(4, "big"),
            remote_address=seen.remote.to_bytes(4, "big"),
            port=seen.port,
            established=draw(100) > 0,
            count=1 + min(draw(40), draw(40)),
            first_seen=first,
            last_seen=first + draw(begin + INTERVAL_MS - first),
            netns_cookie=slot.address,
            pod_uid=slot.uid if draw(2) else "",
        )
