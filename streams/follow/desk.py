"""Where changes of the cluster become records: only what is news is written, and the cluster's facts follow from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from schemas.records import ClusterFacts, InventoryObject, Millis, NodeBody, ServiceBody
from streams.follow.kinds import SERVICE_CIDR, Scope
from streams.follow.published import Moment, Published
from streams.follow.watcher import Change, Changed, Listed, Removed
from streams.objects.addresses import Ranges, packed
from streams.objects.facts import FACTS, facts_object, facts_of, pod_ips

_FACTS_EVERY_MS: Final = 10_000
_SHORT_MS: Final = 60_000
"""A gap that an API server's restart makes. Nothing changes hands without the server, and in so short a time no address
does so twice; of a longer gap we know nothing."""
_FEW: Final = 50
"""So many objects may vanish at once without a doubt."""


class Topic(Protocol):
    """Where records go."""

    def send(self, item: InventoryObject) -> None:
        """Write an object."""

    def forget(self, keys: Iterable[str]) -> None:
        """Write tombstones."""

    def heartbeat(self, time_ms: Millis, since_ms: Millis = 0) -> None:
        """Say that all up to the moment is written, and from when on nothing was missed."""


@dataclass(slots=True)
class Sums:
    """What was written so far."""

    changed: int = 0
    closed: int = 0
    tombstones: int = 0
    beats: int = 0


class Desk:
    """Writes one cluster's inventory.

    Args:
        cluster: Its name.
        topic: Where to.
        objects: What the topic holds, each with when it was written.
        complete: Up to when it is complete; 0 if that is not known.

    Attributes:
        cluster: As given.
        published: What the topic holds now.
        sums: What was written so far.
        facts: The cluster's, as last found out.
    """

    def __init__(
        self, cluster: str, topic: Topic, objects: Iterable[tuple[InventoryObject, Millis]], complete: Millis = 0
    ) -> None:
        self.published = Published(objects)
        self._complete = complete
        self.sums = Sums()
        self._since: Millis = 0
        self.cluster = cluster
        self._topic = topic
        self._ranges: dict[str, tuple[str, ...]] = {}
        bodies = (item.body for item in self.published.living(FACTS))
        self.facts = next((body for body in bodies if isinstance(body, ClusterFacts)), ClusterFacts())
        self._covered = Ranges(self.facts.pod_cidrs)
        self._outside = self._uncovered(self.published.living("Pod"))
        self._stale = True
        self._made: Millis = 0

    def forget_ranges(self) -> None:
        """The ranges that are published are of another cluster."""
        self.facts, self._covered = ClusterFacts(), Ranges()

    def doubtful(self, scope: Scope, listed: Change) -> int:
        """How many objects a list would make vanish, if that is more than may be believed at once; else 0."""
        if scope.kind == SERVICE_CIDR or not isinstance(listed, Listed):
            return 0
        lost = len(self.published.missing(scope.kind.name, scope.namespace, {one.key: one for one in listed.objects}))
        return lost if lost > _FEW and lost * 2 > self.published.counts().get(scope.kind.name, 0) else 0

    def apply(self, scope: Scope, change: Change, now: Millis) -> None:
        """Write what a change makes news."""
        if scope.kind == SERVICE_CIDR:
            self._range(change)
            return
        match change:
            case Listed():
                present = {one.key: one.item for one in change.objects}
                self._send(self.published.listed(scope.kind.name, scope.namespace, present, self._moment(now)))
            case Changed(object=slim):
                self._send(() if slim.item is None else self.published.put(slim.item, self._moment(now)))
            case Removed(object=slim):
                self._send(self.published.gone(slim.key, self._moment(now), slim.item))

    def all_of(self, objects: Iterable[InventoryObject], now: Millis) -> None:
        """Write all there is of the cluster, facts included: whatever else is published is gone."""
        present: dict[str, dict[str, InventoryObject]] = {kind: {} for kind in self.published.counts()}
        for item in objects:
            present.setdefault(item.kind, {})[item.key] = item
        for kind, items in present.items():
            self._send(self.published.listed(kind, "", items, self._moment(now)))

    def _moment(self, now: Millis) -> Moment:
        """When what is gone was there last: now, unless nobody watched for long."""
        watched = not self._complete or now - self._complete <= _SHORT_MS
        return Moment(now, now if watched else self._complete)

    def forget_outside(self, scopes: Iterable[Scope]) -> int:
        """Tombstones for what nobody watches any more; how many."""
        keys = self.published.outside((scope.kind.name, scope.namespace) for scope in scopes)
        self._forget(keys)
        return len(keys)

    def tidy(self, now: Millis, grace_ms: Millis) -> None:
        """Tombstones for what was closed long ago."""
        self._forget(self.published.expired(now - grace_ms))

    def beat(self, time_ms: Millis, now: Millis) -> None:
        """The facts if they changed, and a heartbeat for a moment; from the first on, nothing was missed."""
        if self._stale and now - self._made >= _FACTS_EVERY_MS:
            self._renew_facts(now)
        self._since = self._since or time_ms
        self._topic.heartbeat(time_ms, self._since)
        self._complete = time_ms
        self.sums.beats += 1

    def _renew_facts(self, now: Millis) -> None:
        given = [cidr for cidrs in self._ranges.values() for cidr in cidrs]
        known = (*self.published.living("Node", "Service"), *self._outside)
        self.facts = facts_of(known, given, self.facts)
        self._covered, self._outside = Ranges(self.facts.pod_cidrs), []
        self._send(self.published.put(facts_object(self.facts, self.cluster), self._moment(now)))
        self._stale, self._made = False, now

    def _range(self, change: Change) -> None:
        match change:
            case Listed(objects=objects):
                self._ranges = {}
                for one in objects:
                    self._add_range(one.item)
            case Changed(object=slim):
                self._add_range(slim.item)
            case Removed(object=slim):
                self._ranges.pop(slim.key, None)
        self._stale = True

    def _add_range(self, item: InventoryObject | None) -> None:
        if item is not None and isinstance(item.body, ClusterFacts):
            self._ranges[item.key] = item.body.service_cidrs

    def _send(self, items: Iterable[InventoryObject]) -> None:
        for item in items:
            self._topic.send(item)
            self.sums.closed += item.deleted > 0
            self.sums.changed += item.deleted == 0
            self._outside += self._uncovered((item,))
            self._stale |= isinstance(item.body, NodeBody | ServiceBody) or bool(self._outside)

    def _uncovered(self, items: Iterable[InventoryObject]) -> list[InventoryObject]:
        """Pods outside of the ranges that are known: only these can widen them."""
        return [item for item in items if any(packed(ip) not in self._covered for ip in pod_ips(item))]

    def _forget(self, keys: tuple[str, ...]) -> None:
        self._topic.forget(keys)
        self.sums.tombstones += len(keys)
