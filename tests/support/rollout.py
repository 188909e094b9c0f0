"""A cluster whose pods come, go and take each other's addresses, and what its nodes see of them.

Who held an address is asked of the API server before and after each moment, so the truth owes nothing to our programs.
Each call has a port of its own, by which it is told again wherever it ends up.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from cluster_objects import connection
from kube_api import KubeApi

from schemas.framing import Writer
from schemas.kafka import KafkaSettings, producer
from schemas.records import Connection, ConnectionBatch, Connections, Millis, Role
from schemas.topics import CONNECTIONS

SPACE: Final = "demo"
SERVICE_PORT: Final = 80
POD_PORT: Final = 8080
TICK_S: Final = 0.25
_FIRST_PORT: Final = 20_000


class Holder(NamedTuple):
    """Who has an address."""

    workload: str
    uid: str
    node: str


Census = dict[str, Holder]


@dataclass(frozen=True, slots=True)
class Call:
    """Connections of two workloads at one moment, each pod to each by IPv4 and by IPv6, on a port of the call's own."""

    client: str
    server: str
    at: Millis
    addresses: frozenset[str]
    count: int


def deployment(name: str, node: str, replicas: int = 2, version: str = "1") -> dict:
    """A Deployment whose pods run on this node."""
    labels = {"app": name}
    container = {"name": "main", "image": version, "ports": [{"containerPort": POD_PORT}]}
    template = {"metadata": {"labels": labels}, "spec": {"nodeName": node, "containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _named(name), "spec": spec}


def service(name: str) -> dict:
    """A Service in front of a Deployment, on another port than its pods have."""
    ports = [{"port": SERVICE_PORT, "targetPort": POD_PORT}]
    spec = {"selector": {"app": name}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _named(name), "spec": spec}


def census(api: KubeApi) -> Census:
    """The running pods by all of their addresses."""
    pods = api.items(f"/api/v1/namespaces/{SPACE}/pods")
    there = [pod for pod in pods if "podIPs" in pod["status"] and "deletionTimestamp" not in pod["metadata"]]
    return {
        one["ip"]: Holder(pod["metadata"]["labels"]["app"], pod["metadata"]["uid"], pod["spec"]["nodeName"])
        for pod in there
        for one in pod["status"]["podIPs"]
    }


def pods_by_workload(known: Census) -> Counter[str]:
    """How many pods each has, whatever number of addresses they have."""
    return Counter(holder.workload for holder in set(known.values()))


class Traffic:
    """Calls of one workload's pods to all others, as collectors would publish them.

    Args:
        api: Who knows which pods there are.
        kafka: Where batches go.
        client: The workload that calls.
        late: Nodes whose batches wait for `deliver`.

    Attributes:
        calls: By port.
        held: Whoever was seen with an address, and when.
        by_service: Connections through the Service.
        made: Connections as the nodes count them: each end's own.
    """

    def __init__(self, api: KubeApi, kafka: KafkaSettings, client: str, late: Iterable[str]) -> None:
        self.calls: dict[int, Call] = {}
        self.held: dict[str, list[tuple[Millis, str]]] = defaultdict(list)
        self.by_service = 0
        self.made = 0
        self._api, self._kafka, self._client, self._late = api, kafka, client, frozenset(late)
        self._producer, self._write = producer(kafka), Writer(CONNECTIONS.name, ConnectionBatch)
        self._spool: list[ConnectionBatch] = []
        self._sequences: dict[str, int] = defaultdict(int)
        self._nodes: set[str] = set()
        self._last: Millis = _now()

    def ticks(self, seconds: float, cluster_ip: str = "") -> None:
        """Call for a while, also through a Service if its address is given."""
        for _ in range(round(seconds / TICK_S)):
            self.tick(cluster_ip=cluster_ip)

    def until(self, gone: Iterable[str] = (), **pods: int) -> None:
        """Call until there are so many pods of each workload, and none of these UIDs."""
        deadline, gone = time.monotonic() + 30, frozenset(gone)
        while pods_by_workload(now := census(self._api)) != +Counter(pods) or gone & {one.uid for one in now.values()}:
            assert time.monotonic() < deadline, f"waited in vain for {pods}: {now}"
            self.tick()

    def tick(self, known: Census | None = None, cluster_ip: str = "") -> None:
        """Call once; while no API server can be asked, `known` says who is there."""
        before = census(self._api) if known is None else known
        now = _now()
        after = census(self._api) if known is None else known
        sure = {ip: holder for ip, holder in before.items() if after.get(ip) == holder}
        for ip, holder in sure.items():
            self.held[ip].append((now, holder.workload))
        self._nodes |= {holder.node for holder in sure.values()}
        self._publish(self._seen(sure, now, cluster_ip), now)
        time.sleep(max(0.0, TICK_S - (_now() - now) / 1000))

    def deliver(self) -> None:
        """What was late comes."""
        self._send(self._spool)
        self._spool.clear()

    def disputed(self, call: Call, within: Millis) -> bool:
        """Whether another workload had one of its addresses at nearly the same time."""
        return any(
            abs(when - call.at) <= within and workload not in (call.client, call.server)
            for ip in call.addresses
            for when, workload in self.held[ip]
        ) or any(
            len({workload for when, workload in self.held[ip] if abs(when - call.at) <= within}) > 1
            for ip in call.addresses
        )

    def _seen(self, sure: Census, now: Millis, cluster_ip: str) -> dict[str, list[Connection]]:
        seen: dict[str, list[Connection]] = defaultdict(list)
        clients = {ip: holder for ip, holder in sure.items() if holder.workload == self._client}
        for server in sorted({holder.workload for holder in sure.values()} - {self._client}):
            servers = {ip: holder for ip, holder in sure.items() if holder.workload == server}
            port = _FIRST_PORT + len(self.calls)
            rows = list(self._rows(clients, servers, port, now))
            self.calls[port] = Call(self._client, server, now, frozenset((*clients, *servers)), len(rows) // 2)
            for node, row in rows:
                seen[node].append(row)
        if cluster_ip:
            for ip, holder in _same_family(clients, cluster_ip):
                seen[holder.node].append(connection(ip, cluster_ip, SERVICE_PORT, at=now, pod_uid=holder.uid))
                self.by_service += 1
        return seen

    def _rows(self, clients: Census, servers: Census, port: int, now: Millis) -> Iterator[tuple[str, Connection]]:
        """Both ends; a collector knows the pod of every second call, of the others the address alone."""
        knows = bool(port % 2)
        for client_ip, client in clients.items():
            for server_ip, server in _same_family(servers, client_ip):
                uids = (client.uid, server.uid) if knows else ("", "")
                yield client.node, connection(client_ip, server_ip, port, at=now, pod_uid=uids[0])
                yield server.node, connection(server_ip, client_ip, port, Role.SERVER, at=now, pod_uid=uids[1])

    def _publish(self, seen: dict[str, list[Connection]], now: Millis) -> None:
        batches = [self._batch(node, seen[node], now) for node in sorted(self._nodes)]
        self._last = now + 1
        self.made += sum(len(rows) for rows in seen.values())
        self._spool += [batch for batch in batches if batch.node in self._late]
        self._send(batch for batch in batches if batch.node not in self._late)

    def _batch(self, node: str, rows: list[Connection], now: Millis) -> ConnectionBatch:
        sequence = self._sequences[node]
        self._sequences[node] += 1
        columns = Connections.of(rows, self._last)
        return ConnectionBatch(self._kafka.cluster, node, "boot", sequence, self._last, now + 1, columns, ())

    def _send(self, batches: Iterable[ConnectionBatch]) -> None:
        for batch in batches:
            self._producer.produce(self._kafka.topic(CONNECTIONS), self._write(batch), batch.key)
        assert self._producer.flush(30) == 0


def _same_family(known: Census, as_of: str) -> list[tuple[str, Holder]]:
    return [(ip, holder) for ip, holder in known.items() if (":" in ip) == (":" in as_of)]


def _named(name: str) -> dict:
    return {"name": name, "namespace": SPACE}


def _now() -> Millis:
    return time.time_ns() // 1_000_000
