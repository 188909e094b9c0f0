"""One cluster as its inventory tells it, slim: no I/O, and the same in whatever order keys come.

Objects that were deleted stay as closed leases until `follow` forgets them.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from sys import intern
from typing import Final, NamedTuple

from schemas.records import (
    ControllerBody,
    Heartbeat,
    InventoryObject,
    Labels,
    Millis,
    NamespaceBody,
    NetworkPolicyBody,
    OwnerRef,
    PodBody,
    WorkloadRef,
)
from synthesizer.evaluator.model import PodPort, Policy
from synthesizer.evaluator.reader import BadPolicy, policy_of
from synthesizer.inventory.climb import Controller, workload_of

_log = logging.getLogger(__name__)
_ALIVE: Final = 1 << 62
_KEY_PARTS: Final = 4


class PodSeen(NamedTuple):
    """A pod, alive or gone.

    Attributes:
        labels: Its labels.
        owner: Its controlling owner.
        ports: Its named ports.
        host_ips: Its node's addresses, if it uses the node's network.
        created: When; 0 if unknown.
        deleted: When it was deleted; 0 while it lives.
    """

    labels: Labels
    owner: OwnerRef | None
    ports: tuple[PodPort, ...]
    host_ips: tuple[str, ...]
    created: Millis
    deleted: Millis


class PolicySeen(NamedTuple):
    """A NetworkPolicy, in force or gone.

    Attributes:
        policy: As the evaluator knows it.
        created: When; 0 if unknown.
        deleted: When it was deleted; 0 while it is in force.
    """

    policy: Policy
    created: Millis
    deleted: Millis


class World:
    """The inventory of one cluster.

    Args:
        cluster: Whose records are ours.
        partitions: Of the topic; each must have a heartbeat before anything counts as complete.
    """

    def __init__(self, cluster: str, partitions: int) -> None:
        self._cluster, self._partitions = cluster, partitions
        self._controllers: dict[WorkloadRef, Controller] = {}
        self._pods: dict[str, dict[str, PodSeen]] = defaultdict(dict)
        self._policies: dict[str, dict[str, PolicySeen]] = defaultdict(dict)
        self._namespaces: dict[str, tuple[Labels, Millis]] = {}
        self._labels: Mapping[str, Labels] | None = None
        self._beats: dict[int, Heartbeat] = {}
        self._unreadable: set[str] = set()
        self._grouped: dict[str, Mapping[WorkloadRef, tuple[PodSeen, ...]]] = {}

    @property
    def watermark(self) -> Millis:
        """The inventory is complete up to this moment; 0 if a partition has no heartbeat."""
        whole = len(self._beats) >= self._partitions > 0
        return min(beat.time for beat in self._beats.values()) if whole else 0

    @property
    def complete(self) -> bool:
        """Whether all there is can be read and is said to be there."""
        return self.watermark > 0 and not self._unreadable

    @property
    def is_whole_cluster(self) -> bool:
        """Whether `follow` watches all namespaces, for only then it tells of any: absence means something then."""
        return any(not deleted for _, deleted in self._namespaces.values())

    def apply(self, item: InventoryObject, partition: int) -> None:
        """Take one record."""
        if item.cluster != self._cluster:
            return
        self._unreadable.discard(item.key)
        match item.body:
            case PodBody():
                self._pods[item.namespace][item.name] = _pod(item, item.body)
                self._grouped.pop(item.namespace, None)
            case ControllerBody():
                self._put_controller(item, item.body)
            case NetworkPolicyBody():
                self._put_policy(item, item.body)
            case NamespaceBody():
                self._namespaces[item.name] = (item.labels, item.deleted)
                self._labels = None
            case Heartbeat():
                self._beats[partition] = item.body
            case _:
                pass

    def forget(self, key: str) -> None:
        """Take a tombstone: `follow` speaks no more of the object; a key that is none of ours means nothing."""
        parts = key.split("/")
        if len(parts) != _KEY_PARTS or parts[0] != self._cluster:
            return
        _, kind, namespace, name = parts
        self._unreadable.discard(key)
        if self._pods[namespace].pop(name, None) if kind == "Pod" else False:
            self._grouped.pop(namespace, None)
        elif kind == "NetworkPolicy":
            self._policies[namespace].pop(name, None)
        elif kind == "Namespace":
            self._namespaces.pop(name, None)
            self._labels = None
        elif self._controllers.pop(WorkloadRef(namespace, kind, name), None) is not None:
            self._grouped.pop(namespace, None)

    def unreadable(self, key: str) -> None:
        """Take note that there is a record which says something we cannot read."""
        if key.startswith(f"{self._cluster}/"):
            self._unreadable.add(key)

    def exists(self, workload: WorkloadRef) -> bool:
        """Whether the workload, or a pod of it, is there now."""
        known = self._controllers.get(workload)
        return (known is not None and not known.deleted) or any(not pod.deleted for pod in self.pods(workload))

    def closed(self, workload: WorkloadRef) -> Millis:
        """When the last that is known of a workload was deleted; 0 if nothing is known."""
        known = self._controllers.get(workload)
        return max((known.deleted if known else 0, *(pod.deleted for pod in self.pods(workload))))

    def pods(self, workload: WorkloadRef) -> tuple[PodSeen, ...]:
        """Its pods, alive and gone."""
        if workload.namespace not in self._grouped:
            self._grouped[workload.namespace] = self._group(workload.namespace)
        return self._grouped[workload.namespace].get(workload, ())

    def template(self, workload: WorkloadRef) -> Labels:
        """Labels of its pods by its controller's template."""
        known = self._controllers.get(workload)
        return known.labels if known else ()

    def policies(self, namespace: str, at: Millis) -> tuple[Policy, ...]:
        """Policies in force at the moment, as far as their times are known, by name."""
        found = sorted(self._policies.get(namespace, {}).items())
        return tuple(one.policy for _, one in found if one.created <= at < (one.deleted or _ALIVE))

    def namespace_labels(self) -> Mapping[str, Labels]:
        """Labels of all namespaces; the same mapping until one changes."""
        if self._labels is None:
            self._labels = {name: labels for name, (labels, _) in self._namespaces.items()}
        return self._labels

    def _put_controller(self, item: InventoryObject, body: ControllerBody) -> None:
        ref = WorkloadRef(intern(item.namespace), intern(item.kind), intern(item.name))
        self._controllers[ref] = Controller(item.uid, item.owner, _thrifty(body.template_labels), item.deleted)
        self._grouped.pop(item.namespace, None)

    def _put_policy(self, item: InventoryObject, body: NetworkPolicyBody) -> None:
        metadata = {"namespace": item.namespace, "name": item.name}
        document = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata}
        try:
            policy = policy_of({**document, "spec": json.loads(body.spec)})
        except (BadPolicy, ValueError) as error:
            _log.warning("NetworkPolicy %s/%s cannot be judged by: %s", item.namespace, item.name, error)
            self._policies[item.namespace].pop(item.name, None)
        else:
            self._policies[item.namespace][item.name] = PolicySeen(policy, item.created, item.deleted)

    def _group(self, namespace: str) -> Mapping[WorkloadRef, tuple[PodSeen, ...]]:
        found: dict[WorkloadRef, list[PodSeen]] = defaultdict(list)
        for name, pod in self._pods.get(namespace, {}).items():
            own = WorkloadRef(namespace, "Pod", name)
            found[workload_of(own, pod.owner, pod.labels, self._controllers)].append(pod)
        return {ref: tuple(pods) for ref, pods in found.items()}


def alive_at(pods: Iterable[PodSeen], at: Millis) -> tuple[PodSeen, ...]:
    """The pods that were there at the moment; without any, all of them."""
    known = tuple(pods)
    return tuple(pod for pod in known if pod.created <= at < (pod.deleted or _ALIVE)) or known


def _pod(item: InventoryObject, body: PodBody) -> PodSeen:
    ports = tuple(PodPort(intern(port.name), port.protocol, port.port) for port in body.ports if port.name)
    host_ips = body.ips if body.host_network else ()
    return PodSeen(_thrifty(item.labels), item.owner, ports, host_ips, item.created, item.deleted)


def _thrifty(labels: Labels) -> Labels:
    return tuple((intern(name), intern(value)) for name, value in labels)
