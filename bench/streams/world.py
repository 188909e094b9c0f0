"""A cluster of a given size, the same for the same seed: its inventory, and its pods as they come and go."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from schemas.records import (
    ClusterFacts,
    ContainerPort,
    ControllerBody,
    Endpoint,
    EndpointPort,
    EndpointSliceBody,
    InventoryBody,
    InventoryObject,
    Millis,
    NodeBody,
    OwnerRef,
    PodBody,
    Protocol,
    ServiceBody,
    ServicePort,
)

CLUSTER: Final = "bench"
T0: Final = 1_800_000_000_000
"""When the cluster began; its traffic begins an hour later."""
PORT: Final = 8080
SERVICE_PORT: Final = 80
TEMPLATE: Final = "6d4b75cb6d"
_NAMESPACES: Final = 200
_SLICE: Final = 100
_POD_BASE, _SERVICE_BASE, _NODE_BASE = 0x0A400000, 0xAC140000, 0xC0A80000
POD_RANGE, SERVICE_RANGE = "10.64.0.0/10", "172.20.0.0/14"


@dataclass(frozen=True, slots=True)
class Size:
    """How large a cluster is; each workload has a Service and two ReplicaSets, one of them of an earlier rollout."""

    pods: int = 150_000
    workloads: int = 10_000
    nodes: int = 5_000
    seed: int = 1

    @property
    def per_node(self) -> int:
        """The most pods of a node."""
        return -(-self.pods // self.nodes)


@dataclass(slots=True)
class Slot:
    """A place on a node: its address stays, its pods come and go."""

    address: int
    node: int
    workload: int
    life: int = 0
    created: Millis = T0
    uid: str = ""


@dataclass(slots=True)
class World:
    """A cluster that lives.

    Attributes:
        size: How large.
        slots: By node: the slots of node n are those from n * size.per_node.
        members: Slots by workload.
    """

    size: Size
    slots: list[Slot] = field(default_factory=list)
    members: list[list[int]] = field(default_factory=list)
    _chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        """Pods are spread at random over the nodes; each workload has about as many."""
        size = self.size
        self._chance = random.Random(size.seed)  # noqa: S311  a repeatable load, no secret
        owners = [number % size.workloads for number in range(size.pods)]
        self._chance.shuffle(owners)
        self.members = [[] for _ in range(size.workloads)]
        for number, workload in enumerate(owners):
            node, place = divmod(number, size.per_node)
            slot = Slot(_POD_BASE + 256 * node + 2 + place, node, workload)
            slot.uid = _uid(number, 0)
            self.slots.append(slot)
            self.members[workload].append(number)

    def inventory(self) -> Iterator[InventoryObject]:
        """All objects, as `follow` publishes them first."""
        yield _object("ClusterFacts", "", "cluster", ClusterFacts((POD_RANGE,), (SERVICE_RANGE,)))
        for node in range(self.size.nodes):
            body = NodeBody((text(_NODE_BASE + node + 1),), (f"{text(_POD_BASE + 256 * node)}/24",))
            yield _object("Node", "", node_name(node), body)
        for workload in range(self.size.workloads):
            yield from self._controllers(workload)
            yield self._service(workload)
            yield from self.slices(workload)
        for number in range(len(self.slots)):
            yield self.pod(number)

    def replaced(self, now: Millis) -> Iterator[InventoryObject]:
        """A pod ends, and a pod of another workload gets its address at once: what `follow` publishes."""
        number = self._chance.randrange(len(self.slots))
        slot = self.slots[number]
        yield self.pod(number, deleted=now)
        before, slot.workload = slot.workload, self._chance.randrange(self.size.workloads)
        slot.life, slot.created = slot.life + 1, now
        slot.uid = _uid(number, slot.life)
        self.members[before].remove(number)
        self.members[slot.workload].append(number)
        yield self.pod(number)
        yield from self.slices(before)
        yield from self.slices(slot.workload)

    def pod(self, number: int, deleted: Millis = 0) -> InventoryObject:
        """A slot's present pod."""
        slot = self.slots[number]
        name, address = workload_name(slot.workload), text(slot.address)
        body = PodBody(node_name(slot.node), (address,), phase="Running", ports=(ContainerPort("http", PORT),))
        labels = (("app", name), ("pod-template-hash", TEMPLATE))
        space, parent = namespace(slot.workload), f"{name}-{TEMPLATE}"
        owner = OwnerRef("ReplicaSet", parent, f"ReplicaSet-{space}-{parent}", "apps/v1")
        return InventoryObject(
            CLUSTER, "Pod", space, f"{parent}-{number:x}-{slot.life}", body, slot.uid, labels, owner, slot.created,
            deleted,
        )  # fmt: skip

    def slices(self, workload: int) -> Iterator[InventoryObject]:
        """A Service's endpoint slices, at least one."""
        members, name = self.members[workload], workload_name(workload)
        for start in range(0, max(len(members), 1), _SLICE):
            chosen = [self.slots[number] for number in members[start : start + _SLICE]]
            ends = tuple(Endpoint((text(slot.address),), slot.uid, f"{name}-{slot.uid}") for slot in chosen)
            port = EndpointPort("http", PORT, protocol_of(workload))
            body = EndpointSliceBody(name, ends, (port,))
            yield _object("EndpointSlice", namespace(workload), f"{name}-{start // _SLICE}", body)

    def _controllers(self, workload: int) -> Iterator[InventoryObject]:
        name, app = workload_name(workload), (("app", workload_name(workload)),)
        top = _object("Deployment", namespace(workload), name, ControllerBody(app, template_labels=app))
        yield top
        owner = OwnerRef("Deployment", name, top.uid, "apps/v1")
        for template in ("5f7c9d8b4c", TEMPLATE):
            labels = (*app, ("pod-template-hash", template))
            body = ControllerBody(labels, template_labels=labels)
            made = _object("ReplicaSet", namespace(workload), f"{name}-{template}", body)
            yield replace(made, labels=labels, owner=owner)

    def _service(self, workload: int) -> InventoryObject:
        name = workload_name(workload)
        port = ServicePort("http", SERVICE_PORT, str(PORT), protocol_of(workload))
        body = ServiceBody(cluster_ips=(text(service_address(workload)),), selector=(("app", name),), ports=(port,))
        return _object("Service", namespace(workload), name, body)


def workload_name(workload: int) -> str:
    """A workload's and its Service's name."""
    return f"service-{workload:05d}"


def namespace(workload: int) -> str:
    """Where a workload lives."""
    return f"team-{workload % _NAMESPACES:03d}"


def node_name(node: int) -> str:
    """A node's name."""
    return f"node-{node:04d}.bench.internal"


def service_address(workload: int) -> int:
    """The cluster IP of a workload's Service."""
    return _SERVICE_BASE + workload + 1


def protocol_of(workload: int) -> Protocol:
    """The first workload is asked by everybody, by UDP, as a name server is."""
    return Protocol.TCP if workload else Protocol.UDP


def text(address: int) -> str:
    """An address as people write it."""
    return ".".join(str(byte) for byte in address.to_bytes(4, "big"))


def _uid(number: int, life: int) -> str:
    return f"{number:08x}-{life:04x}-4000-8000-000000000000"


def _object(kind: str, space: str, name: str, body: InventoryBody) -> InventoryObject:
    return InventoryObject(CLUSTER, kind, space, name, body, f"{kind}-{space}-{name}", created=T0)
