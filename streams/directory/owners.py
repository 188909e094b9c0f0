"""From a pod to its workload: the top-most built-in controller, and the labels that select its pods."""

from sys import intern
from typing import Final, NamedTuple

from schemas.ownership import LONGEST_CHAIN, TEMPLATE_HASH, built_in, deployment_of, schedule_of
from schemas.records import ControllerBody, InventoryObject, Labels, Millis, OwnerRef, Workload, WorkloadPeer
from streams.directory.families import ControllerKey, Family
from streams.directory.labels import stable
from streams.objects.thrift import thrifty_labels, thrifty_owner

_MINUTE_MS: Final = 60_000


class _Controller(NamedTuple):
    uid: str
    owner: OwnerRef | None
    created: Millis
    selector: Labels


class Owners:
    """All controllers; `peer` climbs from a family of pods as far as built-in kinds go."""

    def __init__(self) -> None:
        self._known: dict[ControllerKey, _Controller] = {}
        self._asked: dict[ControllerKey, set[Family]] = {}
        self._peers: dict[Workload, WorkloadPeer] = {}

    @property
    def count(self) -> int:
        """How many are known."""
        return len(self._known)

    def put(self, item: InventoryObject, body: ControllerBody) -> bool:
        """Add or change a controller; whether anybody's workload may be another now."""
        key = (intern(item.kind), intern(item.namespace), intern(item.name))
        selector = thrifty_labels(_selector(item.kind, body))
        now = _Controller(intern(item.uid), thrifty_owner(item.owner), item.created, selector)
        if self._known.get(key) == now:
            return False
        self._known[key] = now
        return self._ask_again(key)

    def drop(self, key: ControllerKey) -> bool:
        """Forget a controller; whether anybody's workload may be another now."""
        return self._known.pop(key, None) is not None and self._ask_again(key)

    def peer(self, family: Family) -> WorkloadPeer:
        """The workload that the pods belong to; the same object while nothing about it changes."""
        if family.peer is None:
            kind, name, family.chain = self._top(family)
            known = self._known.get((kind, family.namespace, name))
            selector = (known.selector if known else ()) or stable(family.labels)
            workload = Workload(family.namespace, kind, name, selector, family.host_network)
            family.peer = self._peers.setdefault(workload, WorkloadPeer(workload))
            for key in family.chain:
                self._asked.setdefault(key, set()).add(family)
        return family.peer

    def forget(self, family: Family) -> None:
        """It has no pods any more."""
        for key in family.chain:
            asked = self._asked.get(key, set())
            asked.discard(family)
            if not asked:
                self._asked.pop(key, None)

    def keep(self, peers: set[WorkloadPeer]) -> None:
        """Forget workloads that are none of these."""
        self._peers = {peer.workload: peer for peer in peers}

    def _ask_again(self, key: ControllerKey) -> bool:
        families = tuple(self._asked.get(key, ()))
        for family in families:
            self.forget(family)
            family.peer = None
            for pod in family.members:
                pod.known = None
        return bool(families)

    def _top(self, family: Family) -> tuple[str, str, tuple[ControllerKey, ...]]:
        kind, name, owner = "Pod", family.name, family.owner
        chain: list[ControllerKey] = []
        while owner is not None and built_in(owner) and len(chain) < LONGEST_CHAIN:
            kind, name = owner.kind, owner.name
            chain.append((kind, family.namespace, name))
            owner = self._owner_of(owner, family, chain)
        return kind, name, tuple(chain)

    def _owner_of(self, owner: OwnerRef, family: Family, chain: list[ControllerKey]) -> OwnerRef | None:
        known = self._known.get(chain[-1])
        if known is not None and known.uid in ("", owner.uid or known.uid):
            return known.owner
        return deployment_of(owner, family.labels) or self._of_job(owner, family, chain)

    def _of_job(self, gone: OwnerRef, family: Family, chain: list[ControllerKey]) -> OwnerRef | None:
        """A Job that is gone was a CronJob's if it has its name and a minute at which the CronJob was there."""
        scheduled = schedule_of(gone)
        if scheduled is None:
            return None
        chain.append(("CronJob", family.namespace, scheduled.name))
        known = self._known.get(chain[-1])
        if known is None or not known.created - _MINUTE_MS <= scheduled.at <= family.created + _MINUTE_MS:
            return None
        return OwnerRef("CronJob", scheduled.name)


def _selector(kind: str, body: ControllerBody) -> Labels:
    if kind not in ("Job", "CronJob") and body.selector:
        return tuple(label for label in body.selector if label[0] != TEMPLATE_HASH)
    return stable(body.template_labels)
