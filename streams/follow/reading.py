"""From the API server's JSON to pages and events: an answer that is not whole is no answer."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas.records import ClusterFacts, InventoryObject
from streams.follow.answers import Away
from streams.follow.kinds import SERVICE_CIDR, Scope
from streams.follow.watcher import Event, Page, Slim
from streams.objects import fields
from streams.objects.facts import service_cidrs
from streams.objects.slim import slim
from streams.objects.thrift import thrifty

Json = Mapping[str, Any]
Complete = Callable[[Json], Json]
_TYPES: Final = frozenset({"ADDED", "MODIFIED", "DELETED", "BOOKMARK"})


class Reading:
    """Slims what one watch shows.

    Args:
        scope: What is watched.
        cluster: The cluster's name.
        complete: Gets the whole of an object of which only the metadata came, where that matters.

    Attributes:
        unusable: Objects so far that could not be used.
    """

    def __init__(self, scope: Scope, cluster: str, complete: Complete) -> None:
        self._kind = scope.kind
        self._cluster = cluster
        self._complete = complete
        self.unusable = 0

    def page(self, answer: Json) -> Page:
        """A page of a list; raises Away if it is not one, whole."""
        kind, found, meta = str(answer.get("kind")), answer.get("items") or [], _metadata(answer)
        if not kind.endswith("List") or "items" not in answer or not isinstance(found, list):
            raise Away(f"a list of {self._kind.plural} was asked for, not a {kind}", "broken")
        version, token = meta.get("resourceVersion"), meta.get("continue") or ""
        if not isinstance(version, str) or not version or not isinstance(token, str):
            raise Away(f"a list of {self._kind.plural} without a version", "broken")
        return Page(tuple(self._slim(item) for item in found), version, token)

    def event(self, event: Json) -> Event:
        """An event of a watch, but no ERROR; raises Away if it is none."""
        kind, source = event.get("type"), event.get("object")
        if kind not in _TYPES or not isinstance(source, dict):
            raise Away(f"an event of the type {kind}", "broken")
        version = _metadata(source).get("resourceVersion")
        item = None if kind == "BOOKMARK" else self._slim(source)
        return Event(str(kind), version if isinstance(version, str) else "", item)

    def _slim(self, source: Any) -> Slim:
        """Raises Away for what has no name, because it could be anything."""
        meta = _metadata(source)
        name, namespace = meta.get("name"), meta.get("namespace", "")
        if not isinstance(name, str) or not name or not isinstance(namespace, str):
            raise Away(f"an object among the {self._kind.plural} has no name", "broken")
        key = f"{self._cluster}/{self._kind.name}/{namespace}/{name}"
        try:
            return Slim(key, self._item({**self._complete(source), "kind": self._kind.name}, name))
        except fields.BadObject:
            self.unusable += 1
            return Slim(key, None)

    def _item(self, source: Json, name: str) -> InventoryObject | None:
        if self._kind == SERVICE_CIDR:
            body = ClusterFacts(service_cidrs=service_cidrs(source))
            return InventoryObject(self._cluster, SERVICE_CIDR.name, "", name, body)
        item = slim(source, self._cluster)
        return None if item is None else thrifty(item)


def _metadata(source: Any) -> Json:
    meta = source.get("metadata") if isinstance(source, dict) else None
    return meta if isinstance(meta, dict) else {}
