"""All pods, alive and gone: their addresses with leases, and the end that each stands for."""

from collections.abc import Iterable, Iterator

from schemas.records import InventoryObject, Labels, Millis, PodBody, WorkloadPeer
from streams.addresses import packed
from streams.ends import PodEnd
from streams.leases import FOREVER, Lease, Leases
from streams.owners import Owners
from streams.slim_pods import ENDED

_SECOND_MS = 1_000
Pod = tuple[InventoryObject, PodBody]


class Pods:
    """Pods by identity (UID, or key where an object has none) and by address."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._pods: dict[str, Pod] = {}
        self._by_key: dict[str, set[str]] = {}
        self._by_namespace: dict[str, set[str]] = {}
        self._ends: dict[str, PodEnd] = {}
        self._leases = Leases()

    def put(self, item: InventoryObject, body: PodBody) -> tuple[str, ...]:
        """Add or change a pod; all addresses that it had and has. A name taken by another pod ends the earlier lease.

        Raises:
            ValueError: An address is none; nothing has changed.
        """
        addresses = [packed(ip) for ip in body.ips]
        identity = item.uid or item.key
        earlier = self._pods.get(identity)
        if earlier is not None:
            if earlier[0].deleted and not item.deleted:
                return ()
            self._withdraw(identity)
        self._pods[identity] = (item, body)
        self._by_key.setdefault(item.key, set()).add(identity)
        self._by_namespace.setdefault(item.namespace, set()).add(identity)
        if not body.host_network:
            for address in addresses:
                self._leases.put(address, Lease(_start(item, body), _end(item, body), identity))
        self._succeed(item.key)
        return body.ips + (earlier[1].ips if earlier is not None else ())

    def drop(self, key: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Forget every pod that had this name; their identities and addresses."""
        gone = tuple((identity, self._pods[identity][1].ips) for identity in self._by_key.get(key, ()))
        for identity, _ in gone:
            self._remove(identity)
        return gone

    def prune(self, before: Millis) -> None:
        """Forget pods whose name another has taken, if their lease ended before the moment."""
        for key, identities in tuple(self._by_key.items()):
            for identity in sorted(identities, key=self._age)[:-1]:
                if self._superseded_at(key, identity) < before:
                    self._remove(identity)

    def forget_ends(self) -> None:
        """A controller has changed: every pod's workload may be another."""
        self._ends.clear()

    def end(self, identity: str) -> PodEnd | None:
        """The end that a pod stands for; None if there is no such pod. A host-network pod's workload says so."""
        end = self._ends.get(identity)
        if end is None and identity in self._pods:
            item, body = self._pods[identity]
            end = PodEnd(identity, body.node, WorkloadPeer(self._owners.workload(item, body)))
            self._ends[identity] = end
        return end

    def holders(self, address: bytes, first: Millis, last: Millis) -> tuple[str, ...]:
        """The pods that may have held the address between the two moments."""
        return self._leases.holders(address, first, last)

    def steady(self, address: bytes, first: Millis, last: Millis) -> bool:
        """Whether the same pods held the address at any moment between the two."""
        return self._leases.steady(address, first, last)

    def current(self, address: bytes) -> tuple[str, ...]:
        """The pods that hold the address now, sorted by the start of their lease."""
        return tuple(sorted(self._leases.current(address), key=self._age))

    def __contains__(self, address: bytes) -> bool:
        """Whether any pod is known to have held the address at any time."""
        return address in self._leases

    def selected(self, namespace: str, selector: Labels) -> Iterator[tuple[str, PodBody]]:
        """The namespace's pods that carry all of these labels, in one fixed order."""
        for identity in sorted(self._by_namespace.get(namespace, ())):
            item, body = self._pods[identity]
            if set(selector) <= set(item.labels):
                yield identity, body

    def _remove(self, identity: str) -> None:
        item, _ = self._pods[identity]
        self._withdraw(identity)
        del self._pods[identity]
        for index, name in ((self._by_key, item.key), (self._by_namespace, item.namespace)):
            index[name].discard(identity)
            if not index[name]:
                del index[name]

    def _withdraw(self, identity: str) -> None:
        self._ends.pop(identity, None)
        for ip in self._pods[identity][1].ips:
            self._leases.drop(packed(ip), identity)

    def _succeed(self, key: str) -> None:
        """Pods of one name follow each other: a lease ends at the latest when the next pod begins."""
        for identity in self._by_key[key] if len(self._by_key[key]) > 1 else ():
            item, body = self._pods[identity]
            end = min(_end(item, body), self._superseded_at(key, identity))
            for ip in () if body.host_network else body.ips:
                self._leases.put(packed(ip), Lease(_start(item, body), end, identity))

    def _superseded_at(self, key: str, identity: str) -> Millis:
        later = [start for start in self._starts(self._by_key[key]) if start > _start(*self._pods[identity])]
        return min(later, default=FOREVER)

    def _starts(self, identities: Iterable[str]) -> Iterator[Millis]:
        return (_start(*self._pods[identity]) for identity in identities)

    def _age(self, identity: str) -> tuple[Millis, str]:
        return (_start(*self._pods[identity]), identity)


def _start(item: InventoryObject, body: PodBody) -> Millis:
    return item.created or body.started


def _end(item: InventoryObject, body: PodBody) -> Millis:
    """Kubernetes gives the end of the last container in whole seconds, rounded down."""
    if body.phase in ENDED:
        ended = body.ended + _SECOND_MS if body.ended else _start(item, body)
        return min(ended, item.deleted) if item.deleted else ended
    return item.deleted or FOREVER
