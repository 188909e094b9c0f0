"""All pods, alive and gone: their addresses with leases, and the end that each stands for."""

from collections.abc import Iterator
from sys import intern
from typing import Final, TypeAlias, TypeVar

from schemas.ownership import built_in
from schemas.records import ContainerPort, InventoryObject, Labels, Millis, OwnerRef, PodBody, Protocol, UnresolvedPeer
from streams.directory.ends import OtherEnd, PodEnd, merged
from streams.directory.families import Family, Pod, carries
from streams.directory.leases import FOREVER, Leases
from streams.directory.owners import Owners
from streams.objects.addresses import as_text, packed
from streams.objects.slim_meshes import AMBIENT, DATAPLANE_MODE
from streams.objects.slim_pods import ENDED
from streams.objects.thrift import thrifty_labels, thrifty_owner

_SECOND_MS: Final = 1_000
_SETTLED_MS: Final = 30_000
"""How long after its network is set up a pod's object may say so."""
_FamilyKey: TypeAlias = tuple[str, OwnerRef | None, Labels, bool, str]


class Pods:
    """Pods by identity (UID, or key where an object has none), by name and by address."""

    def __init__(self, owners: Owners) -> None:
        self.leases: Leases[Pod] = Leases()
        self._owners = owners
        self._pods: dict[str, Pod] = {}
        self._by_hash: dict[str, tuple[Pod, ...]] = {}
        self._by_name: dict[str, dict[str, tuple[Pod, ...]]] = {}
        self._families: dict[str, dict[_FamilyKey, Family]] = {}
        self._ended: dict[str, set[Pod]] = {}
        self._ended_with: dict[str, dict[Labels, set[Pod]]] = {}
        self._host_ports: dict[tuple[Protocol, int], tuple[Pod, ...]] = {}
        self._ports: dict[tuple[ContainerPort, ...], tuple[ContainerPort, ...]] = {}
        self._ambient: set[str] = set()

    @property
    def count(self) -> int:
        """How many are remembered, ended ones among them."""
        return len(self._pods)

    def put(self, item: InventoryObject, body: PodBody) -> tuple[Pod, ...]:
        """Add or change a pod; the last that is told of it holds. A name taken by another pod ends the earlier lease.

        Returns:
            Every pod that is different now, as it was and as it is.

        Raises:
            ValueError: An address is none; nothing has changed.
        """
        addresses = tuple(packed(ip) for ip in body.ips)
        earlier = self._pods.get(item.uid or item.key)
        pod = self._made(item, body, addresses)
        if earlier is not None and pod.same_as(earlier):
            return ()
        self._add(pod)
        if earlier is not None:
            self._remove(earlier)
            same = (pod.family, pod.node, pod.mesh) == (earlier.family, earlier.node, earlier.mesh)
            pod.known = earlier.known if same else None
        return (*filter(None, [earlier]), pod, *self._succeed(pod))

    def drop(self, namespace: str, name: str) -> tuple[Pod, ...]:
        """Forget every pod that had this name."""
        gone = self._by_name.get(namespace, {}).get(name, ())
        for pod in gone:
            self._remove(pod)
        return gone

    def prune(self, before: Millis) -> tuple[Pod, ...]:
        """Forget pods whose name another has taken, if their lease ended before the moment."""
        ended = [pod for pods in self._ended.values() for pod in pods if pod.end < before]
        gone = tuple(pod for pod in ended if pod is not self._namesakes(pod)[-1])
        for pod in gone:
            self._remove(pod)
        families = (family for known in self._families.values() for family in known.values())
        self._owners.keep({family.peer for family in families if family.peer is not None})
        return gone

    def by_uid(self, uid: str) -> Pod | None:
        """The pod of a UID as the API server has it, or as a static pod's control group has it (its hash)."""
        pod = self._pods.get(uid)
        if pod is not None:
            return pod
        mirrors = self._by_hash.get(uid)
        if mirrors is None:
            return self._pods.get(uid.replace("_", "-"))
        return max(mirrors, key=_age)

    def end(self, pod: Pod) -> PodEnd:
        """The end that a pod stands for; the same object while nothing about it changes."""
        end = pod.known
        if end is None:
            end = pod.known = PodEnd(pod.identity, pod.node, self._owners.peer(pod.family), self._mesh(pod))
        return end

    def together(self, address: bytes, holders: tuple[Pod, ...]) -> PodEnd | OtherEnd:
        """Several holders of one workload are as good as one; otherwise nobody knows who it was."""
        if len(holders) == 1:
            return self.end(holders[0])
        ends = [self.end(pod) for pod in sorted(holders, key=_age, reverse=True)]
        if len({end.peer.workload.ref for end in ends}) == 1:
            return merged(ends)
        return OtherEnd(UnresolvedPeer(as_text(address), "ambiguous"))

    def set_ambient(self, namespace: str, *, ambient: bool) -> tuple[Pod, ...]:
        """Whether a namespace's pods are in Istio's ambient mesh; every pod for which that is news."""
        if ambient == (namespace in self._ambient):
            return ()
        (self._ambient.add if ambient else self._ambient.discard)(namespace)
        pods = tuple(pod for family in self._families.get(namespace, {}).values() for pod in family.members)
        for pod in pods:
            pod.known = None
        return pods

    def ended(self, namespace: str, selector: Labels) -> Iterator[Pod]:
        """The namespace's pods that carry these labels and whose lease has ended; not those of the node's network."""
        known = self._ended_with.setdefault(namespace, {})
        if selector not in known:
            known[selector] = {pod for pod in self._ended.get(namespace, ()) if carries(pod.family.labels, selector)}
        return (pod for pod in known[selector] if not pod.family.host_network)

    def selected(self, namespace: str, selector: Labels) -> Iterator[Pod]:
        """All of the namespace's pods that carry these labels."""
        for family in self._families.get(namespace, {}).values():
            if carries(family.labels, selector):
                yield from family.members

    def at_host_port(self, protocol: Protocol, port: int) -> tuple[Pod, ...]:
        """The pods to which their node's port leads."""
        return self._host_ports.get((protocol, port), ())

    def _made(self, item: InventoryObject, body: PodBody, addresses: tuple[bytes, ...]) -> Pod:
        closes = _end(item, body)
        return Pod(
            intern(item.uid or item.key), item.name, self._family(item, body), intern(body.node), addresses,
            self._ports.setdefault(body.ports, body.ports), _start(item, body), closes, closes,
            intern(body.mesh), body.config_hash,
        )  # fmt: skip

    def _family(self, item: InventoryObject, body: PodBody) -> Family:
        namespace = intern(item.namespace)
        name = "" if item.owner is not None and built_in(item.owner) else item.name
        key = (namespace, item.owner, item.labels, body.host_network, name)
        known = self._families.setdefault(namespace, {})
        family = known.get(key)
        if family is None:
            key = (namespace, thrifty_owner(item.owner), thrifty_labels(item.labels), body.host_network, name)
            family = known[key] = Family(*key, item.created)
        return family

    def _add(self, pod: Pod) -> None:
        self._pods[pod.identity] = pod
        pod.family.members.append(pod)
        names = self._by_name.setdefault(pod.family.namespace, {})
        names[pod.name] = tuple(sorted((*names.get(pod.name, ()), pod), key=_age))
        if pod.config_hash:
            self._by_hash[pod.config_hash] = (*self._by_hash.get(pod.config_hash, ()), pod)
        if not pod.family.host_network:
            for address in pod.addresses:
                self.leases.put(address, pod)
            for key in _host_ports(pod):
                self._host_ports[key] = (*self._host_ports.get(key, ()), pod)
        self._note_end(pod, ended=pod.end != FOREVER)

    def _remove(self, pod: Pod) -> None:
        family = pod.family
        if self._pods[pod.identity] is pod:
            del self._pods[pod.identity]
        family.members.remove(pod)
        _without(self._by_name[family.namespace], pod.name, pod)
        _without(self._by_hash, pod.config_hash, pod)
        for address in pod.addresses:
            self.leases.drop(address, pod)
        for key in _host_ports(pod):
            _without(self._host_ports, key, pod)
        self._note_end(pod, ended=False)
        if not family.members:
            self._owners.forget(family)
            families = self._families[family.namespace]
            del families[family.namespace, family.owner, family.labels, family.host_network, family.name]

    def _succeed(self, pod: Pod) -> list[Pod]:
        """Pods of one name follow each other: a lease ends at the latest when the next pod begins."""
        changed = []
        namesakes = self._namesakes(pod)
        for one in namesakes if len(namesakes) > 1 else ():
            later = [other.start for other in namesakes if other.start > one.start]
            end = min(one.closes, *later) if later else one.closes
            if end != one.end:
                one.end = end
                self._note_end(one, ended=end != FOREVER)
                changed.append(one)
        return changed

    def _namesakes(self, pod: Pod) -> tuple[Pod, ...]:
        return self._by_name[pod.family.namespace][pod.name]

    def _note_end(self, pod: Pod, *, ended: bool) -> None:
        namespace, labels = pod.family.namespace, pod.family.labels
        known = [pods for selector, pods in self._ended_with.get(namespace, {}).items() if carries(labels, selector)]
        for pods in (self._ended.setdefault(namespace, set()), *known):
            (pods.add if ended else pods.discard)(pod)

    def _mesh(self, pod: Pod) -> str:
        family = pod.family
        if pod.mesh or family.host_network or family.namespace not in self._ambient:
            return pod.mesh
        return "" if (DATAPLANE_MODE, "none") in family.labels else AMBIENT


def _host_ports(pod: Pod) -> Iterator[tuple[Protocol, int]]:
    return ((port.protocol, port.host_port) for port in pod.ports if port.host_port)


K = TypeVar("K")


def _without(index: dict[K, tuple[Pod, ...]], key: K, pod: Pod) -> None:
    left = tuple(one for one in index.get(key, ()) if one is not pod)
    if left:
        index[key] = left
    else:
        index.pop(key, None)


def _age(pod: Pod) -> tuple[Millis, str]:
    return (pod.start, pod.identity)


def _start(item: InventoryObject, body: PodBody) -> Millis:
    """A pod may wait for long before it is started; and a node that begins anew gives it other addresses."""
    return max(body.started or item.created, body.addressed - _SETTLED_MS)


def _end(item: InventoryObject, body: PodBody) -> Millis:
    """Kubernetes gives the end of the last container in whole seconds, rounded down."""
    if body.phase in ENDED:
        ended = body.ended + _SECOND_MS if body.ended else _start(item, body)
        return min(ended, item.deleted) if item.deleted else ended
    return item.deleted or FOREVER
