"""The metrics of `follow`: names, help texts and labels, of which the reference page is made."""

from typing import Final

from schemas.metrics import Kind, Metric
from streams.follow.answers import REASONS
from streams.follow.kinds import KINDS

_KINDS: Final = tuple(kind.name for kind in KINDS)


def _counter(name: str, text: str, **label: tuple[str, ...]) -> Metric:
    return _metric(f"{name}_total", Kind.COUNTER, text, label)


def _gauge(name: str, text: str, **label: tuple[str, ...]) -> Metric:
    return _metric(name, Kind.GAUGE, text, label)


def _metric(name: str, kind: Kind, text: str, label: dict[str, tuple[str, ...]]) -> Metric:
    (values,) = label.values() or ((),)
    return Metric(f"netpol_follow_{name}", kind, text, tuple(label), values)


LEADER: Final = _gauge("leader", "1 while this instance holds the lease and publishes, 0 while it stands by.")
OBJECTS: Final = _gauge("objects", "Living objects in the inventory, by kind.", kind=_KINDS)
CHANGES: Final = _counter("published", "Objects written because they were new or other than before.")
CLOSED: Final = _counter("closed", "Leases closed because an object was gone.")
TOMBSTONES: Final = _counter("tombstones", "Tombstones written, a grace period after an object was gone.")
EVENTS: Final = _counter("events", "Changes that watches told, by kind; most of them are no news.", kind=_KINDS)
RELISTS: Final = _counter("lists", "Lists read to their end, by kind; the first is the start's.", kind=_KINDS)
RESTARTS: Final = _counter(
    "watch_restarts",
    "Lists and watches begun again, by reason; `ended` is the server's time limit and `expired` its answer 410.",
    reason=REASONS,
)
UNUSABLE: Final = _counter(
    "unusable_objects", "Objects with a field of a wrong type; what was published of them stays."
)
OPEN: Final = _gauge("watches_open", "Watches that are open.")
WANTED: Final = _gauge("watches", "Watches there should be.")
HEARD: Final = _gauge(
    "last_event_age_seconds", "Seconds since a watch last told anything, bookmarks included, by kind.", kind=_KINDS
)
BEAT: Final = _gauge(
    "heartbeat_age_seconds",
    "Seconds between now and the moment up to which the inventory is said to be complete; -1 before the first time.",
)
QUEUE: Final = _gauge("queue", "Changes that wait to be written.")

DEFINITIONS: Final = (
    LEADER, OBJECTS, CHANGES, CLOSED, TOMBSTONES, EVENTS, RELISTS, RESTARTS, UNUSABLE, OPEN, WANTED, HEARD, BEAT, QUEUE,
)  # fmt: skip
