"""One watch as a pure state machine: list page by page, then follow events from there, and list again when too old.

page (more)                event, bookmark, end, Away
+-----+                      +------+
v     |     last page        |      v
[Listing] ----------------> [Following]
^   ^ |                          |
|   +-+ Away: the same page      |
+--------------------------------+ Gone
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from schemas.records import InventoryObject
from streams.follow.answers import Answer, Away, Gone

_GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Slim:
    """An object of a list or an event as the inventory keeps it.

    Attributes:
        key: Of the inventory.
        item: None if the object cannot be used; what is known of it stays.
    """

    key: str
    item: InventoryObject | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        objects: On this page.
        version: Of the whole list.
        token: For the next page; empty on the last.
    """

    objects: tuple[Slim, ...]
    version: str
    token: str


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a watch.

    Attributes:
        type: ADDED, MODIFIED, DELETED or BOOKMARK.
        version: That the watch has reached with it.
        object: None for a bookmark.
    """

    type: str
    version: str
    object: Slim | None


@dataclass(frozen=True, slots=True)
class Listing:
    """Reads a list.

    Attributes:
        token: Of the next page; empty for the first.
        pages: Read so far.
    """

    token: str = ""
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Following:
    """Follows a watch.

    Attributes:
        version: That is known already.
    """

    version: str


@dataclass(frozen=True, slots=True)
class Listed:
    """All there is: what is not among it is gone.

    Attributes:
        objects: Of all pages.
    """

    objects: tuple[Slim, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """One object is new or other than before."""

    object: Slim


@dataclass(frozen=True, slots=True)
class Removed:
    """One object is gone; this is how it was last."""

    object: Slim


State: TypeAlias = Listing | Following
Change: TypeAlias = Listed | Changed | Removed


def paged(state: Listing, page: Page) -> tuple[State, Listed | None]:
    """After a page: only the last one makes a list, so half an answer never looks like deletions."""
    pages = (*state.pages, page)
    if page.token:
        return Listing(page.token, pages), None
    return Following(pages[0].version), Listed(tuple(item for one in pages for item in one.objects))


def happened(state: State, event: Event) -> tuple[State, Change | None]:
    """After an event."""
    after = Following(event.version) if event.version else state
    if event.object is None:
        return after, None
    return after, Removed(event.object) if event.type == "DELETED" else Changed(event.object)


def failed(state: State, answer: Answer) -> State:
    """After an answer that was another: a list goes on at the same page, a watch where it was, if the server can."""
    return Listing() if isinstance(answer, Gone) else state


def refusal(event: Mapping[str, Any]) -> Answer | None:
    """What an ERROR event stands for; None for any other."""
    if event.get("type") != "ERROR":
        return None
    status = event.get("object")
    code, message = (status.get("code"), status.get("message")) if isinstance(status, dict) else (0, status)
    return Gone(str(message)) if code == _GONE else Away(f"the watch ended with {code}: {message}", "server_error")
