"""The pods behind workloads, as far as policies can tell them apart, and the labels of namespaces."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.records import InventoryObject, Labels, NamespaceBody, PodBody, Workload, WorkloadRef
from streams.directory.directory import Directory
from streams.objects.slim_pods import ENDED
from synthesizer.evaluator.model import Pod, PodPort


@dataclass(frozen=True, slots=True)
class World:
    """What is known of the cluster beside its policies.

    Attributes:
        pods: The pods of each workload; none on their nodes' network.
        namespaces: Labels of namespaces.
        workloads: The workloads, with the labels of their selectors.
    """

    pods: Mapping[WorkloadRef, tuple[Pod, ...]] = field(default_factory=dict)
    namespaces: Mapping[str, Labels] = field(default_factory=dict)
    workloads: Mapping[WorkloadRef, Workload] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Aspect:
    """What of a pod plays a part: the rest is left out, so that pods alike in it are one.

    Attributes:
        keys: Labels that policies ask for.
        ports: Named ports that policies ask for.
    """

    keys: frozenset[str]
    ports: frozenset[str]

    def of(self, pod: Pod, name: str) -> Pod:
        """The pod with nothing else, under this name."""
        labels = tuple(label for label in pod.labels if label[0] in self.keys)
        return Pod(pod.namespace, name, labels, ports=tuple(port for port in pod.ports if port.name in self.ports))


def world_of(objects: Iterable[InventoryObject], workloads: Mapping[WorkloadRef, Workload]) -> World:
    """What the objects tell, and of workloads without pods there what was observed."""
    known = tuple(objects)
    directory = Directory(known)
    living: dict[WorkloadRef, list[Pod]] = defaultdict(list)
    ended: dict[WorkloadRef, list[Pod]] = defaultdict(list)
    found: dict[WorkloadRef, Workload] = {}
    for item in known:
        end = directory.pod(item.uid or item.key) if isinstance(item.body, PodBody) else None
        if not isinstance(item.body, PodBody) or end is None or item.body.host_network:
            continue
        workload = end.peer.workload
        found[workload.ref] = workload
        gone = item.deleted or item.body.phase in ENDED
        (ended if gone else living)[workload.ref].append(_pod(item, item.body))
    pods = {ref: tuple(living.get(ref) or ended[ref]) for ref in found}
    namespaces = {item.name: item.labels for item in known if isinstance(item.body, NamespaceBody)}
    return World(pods, namespaces, {**found, **workloads})


def pods_of(world: World, workload: Workload, aspect: Aspect, name: str) -> tuple[Pod, ...]:
    """The workload's pods that policies can tell apart; by its selector alone if no pod is known."""
    known = world.pods.get(workload.ref) or (Pod(workload.namespace, name, workload.selector),)
    return tuple(dict.fromkeys(aspect.of(pod, name) for pod in known))


def _pod(item: InventoryObject, body: PodBody) -> Pod:
    ports = tuple(PodPort(port.name, port.protocol, port.port) for port in body.ports if port.name)
    return Pod(item.namespace, item.name, item.labels, body.ips, ports, body.node)
