"""What `netpol.inventory` holds of a cluster, and what has to be written when the cluster changes: pure.

An object that is gone is kept as a closed lease first, so that late connections are still attributed, and gets its
tombstone after a grace period.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from schemas.records import InventoryObject, Millis
from streams.objects.facts import FACTS


@dataclass(frozen=True, slots=True)
class Moment:
    """When something became known.

    Attributes:
        now: The time of day.
        seen: Until when what is gone now was there at least: `now` if we were told at once, else when we last knew.
            What happened since is unknown, and an address is nobody's then rather than the wrong one's.
    """

    now: Millis
    seen: Millis


class Published:
    """Objects by key, as they were last written.

    Every method that returns objects or keys has noted them as written: the caller writes them or ends.

    Args:
        objects: What the topic holds, each with when it was written.
    """

    def __init__(self, objects: Iterable[tuple[InventoryObject, Millis]] = ()) -> None:
        self._living: dict[str, dict[str, InventoryObject]] = {}
        self._closed: dict[str, tuple[InventoryObject, Millis]] = {}
        for item, written in objects:
            self._note(item, written)

    def put(self, item: InventoryObject, moment: Moment) -> tuple[InventoryObject, ...]:
        """The object is there: nothing if it is as published; if another had its name, that one's lease is closed."""
        known = self._living.get(item.kind, {}).get(item.key)
        if known == item:
            return ()
        replaced = known is not None and "" not in {known.uid, item.uid} and known.uid != item.uid
        closed = (_closed(known, moment),) if known is not None and replaced else ()
        self._note(item, moment.now)
        return (*closed, item)

    def gone(self, key: str, moment: Moment, last: InventoryObject | None = None) -> tuple[InventoryObject, ...]:
        """The object is there no more; nothing if that is known.

        Args:
            key: Of the object.
            moment: Until when it was there at least.
            last: How it was last, if that is known better than what is published.
        """
        known = self._living.get(_kind(key), {}).get(key)
        if known is None or (last is not None and last.uid != known.uid):
            return ()
        closed = _closed(last or known, moment)
        self._note(closed, moment.now)
        return (closed,)

    def listed(
        self, kind: str, namespace: str, present: Mapping[str, InventoryObject | None], moment: Moment
    ) -> Iterator[InventoryObject]:
        """All objects of a kind, everywhere or in a namespace; those that are not among them are gone.

        Args:
            kind: The kind.
            namespace: Empty for everywhere.
            present: By key; None for an object that is there but cannot be used, then what is published stays.
            moment: Until when the others were there at least.
        """
        for item in present.values():
            if item is not None:
                yield from self.put(item, moment)
        for key in self.missing(kind, namespace, present):
            yield from self.gone(key, moment)

    def missing(self, kind: str, namespace: str, present: Mapping[str, object]) -> tuple[str, ...]:
        """Keys of living objects that are not among those present."""
        known = self._living.get(kind, {}).items()
        return tuple(key for key, item in known if key not in present and namespace in {"", item.namespace})

    def outside(self, scopes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Keys of objects that nobody watches any more: whether they still exist is not known, so they are forgotten.

        Args:
            scopes: Kind and namespace of what is watched, the namespace empty for everywhere.
        """
        watched = set(scopes)
        left = tuple(
            item.key
            for item in (*self.living(), *(closed for closed, _ in self._closed.values()))
            if item.kind != FACTS and watched.isdisjoint({(item.kind, ""), (item.kind, item.namespace)})
        )
        for key in left:
            self._forget(key)
        return left

    def expired(self, before: Millis) -> tuple[str, ...]:
        """Keys of leases whose closing was written before the moment: their tombstones are due."""
        due = tuple(key for key, (_, written) in self._closed.items() if written < before)
        for key in due:
            self._forget(key)
        return due

    def living(self, *kinds: str) -> Iterator[InventoryObject]:
        """The objects of these kinds that are there, without any named those of all."""
        for kind in kinds or tuple(self._living):
            yield from self._living.get(kind, {}).values()

    def counts(self) -> dict[str, int]:
        """How many objects there are of each kind."""
        return {kind: len(objects) for kind, objects in self._living.items()}

    def _note(self, item: InventoryObject, written: Millis) -> None:
        self._forget(item.key)
        if item.deleted:
            self._closed[item.key] = (item, written)
        else:
            self._living.setdefault(item.kind, {})[item.key] = item

    def _forget(self, key: str) -> None:
        self._closed.pop(key, None)
        self._living.get(_kind(key), {}).pop(key, None)


def _closed(item: InventoryObject, moment: Moment) -> InventoryObject:
    """Its times are the API server's and the moment is ours: with clocks apart it must not end before it began."""
    return replace(item, deleted=max(moment.seen, item.created + 1))


def _kind(key: str) -> str:
    return key.split("/", 2)[1]
