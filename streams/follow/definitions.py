"""The metrics of `follow`: names, help texts and labels, of which the reference page is made."""

from typing import Final

from schemas.metrics import Names
from streams.follow.answers import REASONS
from streams.follow.kinds import KINDS

_KINDS: Final = tuple(kind.name for kind in KINDS)
_NAMES: Final = Names("netpol_follow")

LEADER: Final = _NAMES.gauge("leader", "1 while this instance holds the lease and publishes, 0 while it stands by.")
OBJECTS: Final = _NAMES.gauge("objects", "Living objects in the inventory, by kind.", kind=_KINDS)
CHANGES: Final = _NAMES.counter("published", "Objects written because they were new or other than before.")
CLOSED: Final = _NAMES.counter("closed", "Leases closed because an object was gone.")
TOMBSTONES: Final = _NAMES.counter("tombstones", "Tombstones written, a grace period after an object was gone.")
EVENTS: Final = _NAMES.counter("events", "Changes that watches told, by kind; most of them are no news.", kind=_KINDS)
RELISTS: Final = _NAMES.counter("lists", "Lists read to their end, by kind; the first is the start's.", kind=_KINDS)
RESTARTS: Final = _NAMES.counter(
    "watch_restarts",
    "Lists and watches begun again, by reason; `ended` is the server's time limit and `expired` its answer 410.",
    reason=REASONS,
)
UNUSABLE: Final = _NAMES.counter(
    "unusable_objects", "Objects with a field of a wrong type; what was published of them stays."
)
OPEN: Final = _NAMES.gauge("watches_open", "Watches that are open.")
WANTED: Final = _NAMES.gauge("watches", "Watches there should be.")
HEARD: Final = _NAMES.gauge(
    "last_event_age_seconds", "Seconds since a watch last told anything, bookmarks included, by kind.", kind=_KINDS
)
BEAT: Final = _NAMES.gauge(
    "heartbeat_age_seconds",
    "Seconds between now and the moment up to which the inventory is said to be complete; -1 before the first time.",
)
QUEUE: Final = _NAMES.gauge("queue", "Changes that wait to be written.")

DEFINITIONS: Final = (
    LEADER, OBJECTS, CHANGES, CLOSED, TOMBSTONES, EVENTS, RELISTS, RESTARTS, UNUSABLE, OPEN, WANTED, HEARD, BEAT, QUEUE,
)  # fmt: skip
