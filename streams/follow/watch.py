"""One watch as a thread: asks the API server, tells changes in their order, and tries again whatever happens."""

import logging
import random
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from schemas.errors import NetpolError, Unavailable
from streams.follow.answers import MANIFEST, NAMESPACED_MANIFEST, SILENT, Answer, Away, Denied, Doubted, Missing
from streams.follow.backoff import pause_s
from streams.follow.kinds import Scope
from streams.follow.kube import Api, Stream
from streams.follow.reading import Reading
from streams.follow.watcher import Change, Following, Listed, Listing, State, failed, happened, paged, refusal

LOG: Final = logging.getLogger(__name__)
PAGE: Final = 500
WATCH_S: Final = (300, 600)
"""The server ends a watch after a time between these, seconds; chosen anew for each, so that they spread."""
SILENCE_S: Final = 200.0
"""A watch that is silent for longer is begun again where it was. Bookmarks should come every minute, but of a kind that
never changes a real server (1.37) was seen to send none for 90 s. A peer that vanished is noticed much earlier."""
PATIENCE_S: Final = 60.0
"""How long a server that allowed us before may refuse us: while it starts, it does not know its roles yet."""
_QUICK_S: Final = 1.0
_LASTED_S: Final = 30.0
"""After so long a watch that breaks is no repetition of an earlier failure. A list that succeeds says nothing: each may
be followed by 410, and to list a large cluster again and again is what must not happen."""
_SAID: Final = re.compile(r"cannot (\w+) resource")


class Told(Protocol):
    """Who hears of a watch; called from its thread."""

    def change(self, scope: Scope, change: Change) -> None:
        """One object changes; may block while there is too much of it."""

    def listed(self, scope: Scope, listed: Listed) -> bool:
        """All there is; whether it is believed."""

    def again(self, reason: str) -> None:
        """A list or a watch has to be begun again."""


@dataclass(slots=True)
class Pulse:
    """How a watch does; written by its thread, read by any.

    Attributes:
        listed: A list was read to its end, or the server has no such kind.
        watched: A watch was open.
        absent: The server has no such kind.
        open_since: Since when events arrive, monotonic seconds; None while they do not.
        heard: When the server last said anything of it, monotonic seconds; at first, since when it is asked.
        answered: When the server last answered at all, monotonic seconds.
        said: What it said instead of what it was asked for; empty once it did.
        unusable: Objects that could not be used.
        failure: Why it has ended; None while it goes on.
    """

    listed: bool = False
    watched: bool = False
    absent: bool = False
    open_since: float | None = None
    heard: float = 0.0
    answered: float = 0.0
    said: str = ""
    unusable: int = 0
    failure: NetpolError | None = None


class Watch:
    """Watches one scope until it is stopped.

    Args:
        api: The server.
        scope: What to watch.
        cluster: The cluster's name.
        told: Who hears of it.

    Attributes:
        scope: As given.
        pulse: How it does.
    """

    def __init__(self, api: Api, scope: Scope, cluster: str, told: Told) -> None:
        self.scope = scope
        self.pulse = Pulse(heard=time.monotonic(), answered=time.monotonic())
        self._api, self._told = api, told
        self._reading = Reading(scope, cluster, self._completed)
        self._state: State = Listing()
        self._failures = 0
        self._refused_since: float | None = None
        self._specs: dict[str, Any] = {}
        self._stopping = threading.Event()
        self._stream: Stream | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch {scope}", daemon=True)

    def start(self) -> None:
        """Begin, in a thread that does not keep the process from ending."""
        self._thread.start()

    def stop(self, wait_s: float) -> None:
        """End the thread, and wait for that so many seconds at most."""
        self._stopping.set()
        stream = self._stream
        if stream is not None:
            stream.stop()
        self._thread.join(wait_s)

    def _run(self) -> None:
        try:
            while not (self.pulse.absent or self._stopping.is_set()):
                self._attempt()
        except NetpolError as error:
            self.pulse.failure = error
        except Exception as error:
            LOG.exception("the watch of %s", self.scope)
            self.pulse.failure = Unavailable(f"the watch of {self.scope} ended: {error!r}")

    def _attempt(self) -> None:
        """One page or one watch, and what follows from its end."""
        try:
            if isinstance(self._state, Listing):
                self._list(self._state)
            else:
                self._follow(self._state)
        except Answer as answer:
            self._answered(answer)
        finally:
            self._stream = self.pulse.open_since = None
            self.pulse.unusable = self._reading.unusable

    def _list(self, state: Listing) -> None:
        query = [("limit", str(PAGE)), *([("continue", state.token)] if state.token else [])]
        page = self._reading.page(self._api.get(self.scope.path, query, self.scope.list_type))
        self._heard()
        after, listed = paged(state, page)
        if listed is not None:
            if not self._told.listed(self.scope, listed):
                self._state = Listing()
                raise Doubted("so much is missing from the list that it is asked for again")
            self.pulse.listed = True
        self._state = after

    def _follow(self, state: Following) -> None:
        query = (
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", state.version),
            ("timeoutSeconds", str(random.randint(*WATCH_S))),  # noqa: S311  no secret depends on it
        )
        began = time.monotonic()
        with self._api.stream(self.scope.path, query, self.scope.event_type, SILENCE_S) as self._stream:
            self.pulse.open_since, self.pulse.watched = time.monotonic(), True
            for event in () if self._stopping.is_set() else self._stream:
                self._event(event)
        if self._state == state and time.monotonic() - began < _QUICK_S:
            raise Away("the watch ended as soon as it began", "broken")
        self._failures = 0
        self._told.again("ended")

    def _event(self, raw: Mapping[str, Any]) -> None:
        answer = refusal(raw)
        if answer is not None:
            raise answer
        event = self._reading.event(raw)
        self._heard()
        self._failures = 0
        self._state, change = happened(self._state, event)
        if change is not None:
            self._told.change(self.scope, change)

    def _heard(self) -> None:
        self._refused_since = None
        self.pulse.heard = self.pulse.answered = time.monotonic()
        self.pulse.said = ""

    def _answered(self, answer: Answer) -> None:
        """Decide whether and when to try again."""
        self._told.again(answer.reason)
        self.pulse.said = str(answer)
        if answer.reason not in SILENT:
            self.pulse.answered = time.monotonic()
        if isinstance(answer, Missing) and self.scope.kind.optional:
            LOG.info("the API server has no %s", self.scope.kind.resource)
            self.pulse.absent = self.pulse.listed = True
            return
        self._raise_if_hopeless(answer)
        lasted = self.pulse.open_since is not None and time.monotonic() - self.pulse.open_since > _LASTED_S
        self._failures = 1 if lasted else self._failures + 1
        pause = pause_s(self._failures, answer.after_s)
        LOG.log(self._level, "%s: %s; again in %.1f s", self.scope, answer, pause)
        self._stopping.wait(pause)
        self._state = failed(self._state, answer)

    @property
    def _level(self) -> int:
        return logging.INFO if self._failures == 1 else logging.WARNING

    def _raise_if_hopeless(self, answer: Answer) -> None:
        if not isinstance(answer, Denied):
            self._refused_since = None
            return
        now = time.monotonic()
        self._refused_since = self._refused_since or now
        worked_before = self.pulse.listed if isinstance(self._state, Listing) else self.pulse.watched
        if not worked_before or now - self._refused_since > PATIENCE_S:
            raise Unavailable(denial(answer, self.scope, "list" if isinstance(self._state, Listing) else "watch"))

    def _completed(self, source: Mapping[str, Any]) -> Mapping[str, Any]:
        """The whole of a ReplicaSet that no controller owns: its selector, which never changes, is its workload's."""
        meta = source.get("metadata", {})
        owners = meta.get("ownerReferences") or ()
        if not self.scope.kind.metadata_only or any(owner.get("controller") for owner in owners):
            return source
        uid = str(meta.get("uid"))
        if uid not in self._specs:
            path = Scope(self.scope.kind, meta.get("namespace", "")).path
            try:
                self._specs[uid] = self._api.get(f"{path}/{meta.get('name')}").get("spec")
            except Missing:  # it went away meanwhile, an event will say so
                return source
        return {**source, "spec": self._specs[uid]}


def denial(answer: Denied, scope: Scope, verb: str) -> str:
    """What to do about a refusal; the verb is what was tried if the server does not say it."""
    if answer.status == 401:  # noqa: PLR2004  Unauthorized
        return (
            f"the Kubernetes API refuses our credentials, also after reading them again ({answer}). "
            "Is the token expired, or is the kubeconfig that of another cluster?"
        )
    said = _SAID.search(str(answer))
    manifest = NAMESPACED_MANIFEST if scope.namespace else MANIFEST
    return f"no permission to {said[1] if said else verb} {scope} ({answer}). Apply {manifest} for our service account"
