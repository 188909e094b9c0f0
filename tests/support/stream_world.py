"""A small cluster and what its nodes see, always the same: pods, Services, the outside, late batches, a gap, a restart.

seconds   0    2    4    ...                          40
n1        a0 a1 ... a39 | killed | b0 b1 ...             a second boot
n2        0 1 2 ... 16 18 ...                            17 is lost on the way
n3        0 1 2 ... | 30 31 .. 35 come 3 s late | ...    a spool
n4        0 1 2 ... from 8 on it has lost something      a ledger that grows
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from cluster_objects import CLUSTER, connection, controller, endpoints, facts, node, owner, pod, service

from schemas.records import (
    Basis,
    Connection,
    ConnectionBatch,
    Connections,
    InventoryObject,
    Millis,
    OwnerRef,
    PodBody,
    Protocol,
    Role,
    WorkloadWindow,
)

DRAIN_MS = 500
DRAINS = 80
LATE_MS = 3_000
NODES = ("n1", "n2", "n3", "n4")
LOST_SEQUENCE = 17
LATE_SEQUENCES = range(30, 36)
SECOND_BOOT = 40
_DNS = "10.96.0.10"
_API = "10.96.0.80"
_HASH = {"pod-template-hash": "1"}
_OUTSIDE = tuple(f"203.0.113.{number}" for number in range(1, 9))


@dataclass(frozen=True, slots=True)
class Delivery:
    """A batch and when it comes, in milliseconds of event time; its own end, unless it is late."""

    at: Millis
    batch: ConnectionBatch


@dataclass(frozen=True, slots=True)
class _Call:
    """A client pod, what it connects to, and the server pod that really answers; without one it is outside."""

    client: str
    to: str
    port: int
    server: str = ""
    server_port: int = 0
    protocol: Protocol = Protocol.TCP
    every: int = 1
    established: bool = True


_NODE_OF = {
    "10.1.0.11": "n1", "10.1.0.12": "n2", "10.1.0.21": "n2", "10.1.0.22": "n3",
    "10.1.0.31": "n4", "10.1.0.41": "n3", "10.1.0.51": "n1",
}  # fmt: skip
_POD_OF = {
    "10.1.0.11": "web-1-1", "10.1.0.12": "web-1-2", "10.1.0.21": "api-1", "10.1.0.22": "api-2",
    "10.1.0.31": "db-0", "10.1.0.41": "dns-0", "10.1.0.51": "report-1-x",
}  # fmt: skip
_CALLS = (
    _Call("10.1.0.11", _API, 80, "10.1.0.21", 8080),
    _Call("10.1.0.12", _API, 80, "10.1.0.22", 8080, every=2),
    _Call("10.1.0.21", "10.1.0.31", 5432, "10.1.0.31", 5432),
    _Call("10.1.0.22", "10.1.0.31", 5432, "10.1.0.31", 5432, every=3),
    _Call("10.1.0.51", "10.1.0.31", 5432, "10.1.0.31", 5432, every=7),
    *(
        _Call(client, _DNS, 53, "10.1.0.41", 5353, Protocol.UDP, every=2)
        for client in ("10.1.0.11", "10.1.0.22", "10.1.0.31")
    ),
    *(_Call("10.1.0.21", address, 443, every=4) for address in _OUTSIDE),
    _Call("10.1.0.12", "10.1.0.31", 5432, "10.1.0.31", 5432, established=False, every=5),
    _Call("10.1.0.51", "10.1.77.77", 80, every=6),
    _Call("10.1.88.88", "10.1.0.31", 5432, every=9),
    _Call("127.0.0.1", "127.0.0.1", 9000, every=4),
)


def inventory() -> tuple[InventoryObject, ...]:
    """The cluster's objects."""
    return (
        facts(),
        *(node(name, f"192.168.0.{name[1]}") for name in NODES),
        controller("Deployment", "web", {"app": "web"}),
        controller("ReplicaSet", "web-1", {"app": "web", **_HASH}, owned_by=owner("Deployment", "web")),
        controller("Deployment", "api", {"app": "api"}),
        controller("StatefulSet", "db", {"app": "db"}),
        controller("DaemonSet", "dns", {"app": "dns"}),
        controller("CronJob", "report", template={"app": "report"}),
        controller("Job", "report-1", template={"app": "report"}, owned_by=owner("CronJob", "report")),
        *(_pod(address, owner("ReplicaSet", "web-1"), **_HASH) for address in ("10.1.0.11", "10.1.0.12")),
        *(_pod(address, owner("Deployment", "api")) for address in ("10.1.0.21", "10.1.0.22")),
        _pod("10.1.0.31", owner("StatefulSet", "db")),
        _pod("10.1.0.41", owner("DaemonSet", "dns")),
        _pod("10.1.0.51", owner("Job", "report-1")),
        service("api", _API),
        endpoints("api", [("10.1.0.21", "api-1"), ("10.1.0.22", "api-2")]),
        service("dns", _DNS, ports=((53, "5353"),)),
    )


def traffic(began: Millis) -> tuple[Delivery, ...]:
    """Every batch of every node in the order in which it comes, each node's own in order of its sequence."""
    made = [one for name in NODES for one in _of_node(name, began)]
    return tuple(sorted(made, key=lambda one: (one.at, one.batch.node)))


def connections_in(deliveries: Iterable[Delivery]) -> int:
    """How many connections the batches hold, each batch once."""
    batches = {(one.batch.node, one.batch.boot_id, one.batch.sequence): one.batch for one in deliveries}
    return sum(sum(batch.connections.counts) for batch in batches.values())


def shuffled(deliveries: Sequence[Delivery], within: Millis, seed: int) -> tuple[Delivery, ...]:
    """Another order in which no batch comes more than the bound later, and each node's own stay in order."""
    chance = random.Random(seed)  # noqa: S311  a test's own order, the same each time
    delay = dict.fromkeys(NODES, 0)
    moved: list[tuple[Millis, int, Delivery]] = []
    for place, one in enumerate(deliveries):
        latest = delay[one.batch.node] = max(delay[one.batch.node], one.at + chance.randrange(within))
        moved.append((latest, place, one))
    return tuple(one for _, _, one in sorted(moved, key=lambda entry: entry[:2]))


def doubled(deliveries: Sequence[Delivery], seed: int) -> tuple[Delivery, ...]:
    """Each batch again, at once or after its node's next few, as a producer that had no answer repeats what it sent."""
    chance = random.Random(seed)  # noqa: S311  a test's own choice, the same each time
    made: list[Delivery] = []
    open_runs: dict[tuple[str, str], list[Delivery]] = {}
    for one in deliveries:
        run = open_runs.setdefault((one.batch.node, one.batch.boot_id), [])
        made.append(one)
        run.append(one)
        if chance.random() < 1 / 3:
            made += run
            run.clear()
    return (*made, *(one for run in open_runs.values() for one in run if _is_last_boot(one, deliveries)))


def _is_last_boot(one: Delivery, deliveries: Sequence[Delivery]) -> bool:
    """A boot that is over repeats nothing."""
    boots = [other.batch.boot_id for other in deliveries if other.batch.node == one.batch.node]
    return one.batch.boot_id == boots[-1]


def moved_on(began: Millis) -> tuple[InventoryObject | str, ...]:
    """What happens to the cluster while the traffic goes on, one after the other; a key is a tombstone."""
    half = began + DRAINS * DRAIN_MS // 2
    return (
        pod("api-9", "10.1.0.29", labels={"app": "api"}, owned_by=owner("Deployment", "api"), lease=(half, 0)),
        replace(_pod("10.1.0.12", owner("ReplicaSet", "web-1"), **_HASH), deleted=half),
        pod("shop-0", "10.1.0.12", labels={"app": "shop"}, lease=(half + 5_000, 0)),
        endpoints("api", [("10.1.0.12", "shop-0")]),
        f"{CLUSTER}/ReplicaSet/demo/web-1",
        service("dns", _DNS, ports=((53, "5353"),), selector={"app": "api"}),
        replace(_pod("10.1.0.51", owner("Job", "report-1")), body=_ended(began + 6_000)),
    )


def _pod(address: str, owned_by: OwnerRef, **labels: str) -> InventoryObject:
    name = _POD_OF[address]
    app = {"app": name.split("-", 1)[0], **labels}
    return pod(name, address, labels=app, owned_by=owned_by, node=_NODE_OF[address])


def _ended(at: Millis) -> PodBody:
    return PodBody("n1", ("10.1.0.51",), phase="Succeeded", ended=at)


def _of_node(name: str, began: Millis) -> list[Delivery]:
    made: list[Delivery] = []
    latest = 0
    for drain in range(DRAINS):
        batch = _batch(name, drain, began)
        late = name == "n3" and drain in LATE_SEQUENCES
        latest = max(latest, batch.interval_end + (LATE_MS if late else 0))
        if not (name == "n2" and drain == LOST_SEQUENCE):
            made.append(Delivery(latest, batch))
    return made


def _batch(name: str, drain: int, began: Millis) -> ConnectionBatch:
    end = began + (drain + 1) * DRAIN_MS
    second = name == "n1" and drain >= SECOND_BOOT
    rows = [row for number, call in enumerate(_CALLS) for row in _rows(call, name, drain, end - 1 - 7 * number)]
    return ConnectionBatch(
        CLUSTER, name, "second" if second else "first", drain - SECOND_BOOT if second else drain, end - DRAIN_MS, end,
        Connections.of(rows, end - DRAIN_MS), (("map_full", 3),) if name == "n4" and drain >= 8 else (),
    )  # fmt: skip


def _rows(call: _Call, name: str, drain: int, at: Millis) -> list[Connection]:
    """What a node sees of a call: the client's end, the server's, both or none; now and then one that is only open."""
    if drain % call.every:
        return []
    count = 0 if drain % 10 == 9 else 1 + drain % 4
    more = {"count": count, "at": at, "protocol": call.protocol, "established": call.established or not count}
    basis = {} if count else {"basis": Basis.SNAPSHOT}
    rows = []
    if _NODE_OF.get(call.client, "n4") == name:
        rows.append(connection(call.client, call.to, call.port, **more, **basis, pod_uid=_uid(call.client)))
    if call.server and call.established and _NODE_OF[call.server] == name:
        rows.append(
            connection(
                call.server, call.client, call.server_port, Role.SERVER, **more, **basis, pod_uid=_uid(call.server)
            )
        )
    return rows


def _uid(address: str) -> str:
    """A collector knows whose socket it sees, unless it is nobody's."""
    return f"uid-{_POD_OF[address]}" if address in _POD_OF else ""


def differences(
    found: Mapping[tuple[str, Millis], WorkloadWindow], expected: Mapping[tuple[str, Millis], WorkloadWindow]
) -> dict[tuple[str, Millis], object]:
    """What is not the same, field by field, so that a failed comparison says it in a few lines."""
    told: dict[tuple[str, Millis], object] = {}
    for place in sorted({*found, *expected}):
        one, other = found.get(place), expected.get(place)
        if one is None or other is None:
            told[place] = "not found" if one is None else "not expected"
        elif one != other:
            names = (name.name for name in fields(one) if getattr(one, name.name) != getattr(other, name.name))
            told[place] = {name: (getattr(one, name), getattr(other, name)) for name in names}
    return told
