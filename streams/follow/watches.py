"""All watches together: one queue of their changes in order, and whether they are complete up to a moment."""

import queue
import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from schemas.errors import Unavailable
from streams.follow.kinds import Scope
from streams.follow.kube import Api
from streams.follow.metrics import FollowMetrics
from streams.follow.watch import Pulse, Watch
from streams.follow.watcher import Change, Listed

_MOST: Final = 20_000
"""Changes that wait; a watch that has more is held up, and so is the server."""
SILENT_S: Final = 20.0
"""A server that does not answer for so long at the start is not there."""


@dataclass(frozen=True, slots=True)
class Told:
    """A change as a watch told it.

    Attributes:
        scope: Of the watch.
        change: What it told.
        believed: For a list, to be set to whether it is believed; else the watch lists again.
    """

    scope: Scope
    change: Change
    believed: Future[bool] | None = None


class Watches:
    """Starts the watches of these scopes.

    Args:
        api: The server.
        cluster: The cluster's name.
        scopes: What to watch.
        metrics: Who counts.
    """

    def __init__(self, api: Api, cluster: str, scopes: Iterable[Scope], metrics: FollowMetrics) -> None:
        self._server = api.server
        self._metrics = metrics
        self._queue: queue.Queue[Told] = queue.Queue(_MOST)
        self._watches = tuple(Watch(api, scope, cluster, self) for scope in scopes)

    def start(self) -> None:
        """Begin to watch."""
        for watch in self._watches:
            watch.start()

    def change(self, scope: Scope, change: Change) -> None:
        """From a watch's thread: waits while too much is waiting."""
        self._metrics.event(scope.kind.name)
        self._queue.put(Told(scope, change))

    def listed(self, scope: Scope, listed: Listed) -> bool:
        """From a watch's thread: waits until it is known whether the list is believed."""
        self._metrics.listed(scope.kind.name)
        believed: Future[bool] = Future()
        self._queue.put(Told(scope, listed, believed))
        return believed.result()

    def again(self, reason: str) -> None:
        """From a watch's thread: it begins again."""
        self._metrics.again(reason)

    def take(self, wait_s: float) -> Told | None:
        """The next change; None if none comes within the time."""
        try:
            return self._queue.get(timeout=wait_s)
        except queue.Empty:
            return None

    @property
    def waiting(self) -> int:
        """How many changes wait."""
        return self._queue.qsize()

    @property
    def pulses(self) -> tuple[tuple[str, Pulse], ...]:
        """How each does, with its kind."""
        return tuple((watch.scope.kind.name, watch.pulse) for watch in self._watches)

    @property
    def listed_all(self) -> bool:
        """Whether each has listed."""
        return all(pulse.listed for _, pulse in self.pulses)

    def open_for(self, seconds: float, now: float) -> bool:
        """Whether events of all of them arrive, since that many seconds at least."""
        return all(
            pulse.absent or (pulse.open_since is not None and now - pulse.open_since >= seconds)
            for _, pulse in self.pulses
        )

    def raise_failure(self) -> None:
        """Raises what made a watch end, and Unavailable if the server does not answer at the start."""
        for watch in self._watches:
            if watch.pulse.failure is not None:
                raise watch.pulse.failure
            silent_s = time.monotonic() - watch.pulse.answered
            if not watch.pulse.listed and watch.pulse.said and silent_s > SILENT_S:
                raise Unavailable(no_answer(self._server, watch.pulse.said))


def no_answer(server: str, said: str) -> str:
    """What to do about a server that is not there."""
    return (
        f"no Kubernetes API server answers at {server} ({said or 'no answer at all'}). Is it running, and is it "
        "the right one (--kubeconfig and --context)?"
    )
