"""The thread that takes the Lease and keeps it."""

import logging
import threading
import time
from typing import Final

from schemas.errors import NetpolError, Unavailable
from schemas.records import now_ms
from streams.follow import leader
from streams.follow.answers import SILENT, Answer, Conflict, Denied, Missing, lease_denial
from streams.follow.kube import Api
from streams.follow.leader import Observed, Seen
from streams.objects.fields import BadObject

LOG: Final = logging.getLogger(__name__)
_PATIENCE_S: Final = 60.0
_SILENCE_S: Final = 4.0


class Lease:
    """Whether this instance may publish.

    Args:
        api: The server.
        namespace: Of the Lease object.
        name: Of the Lease object.
        me: What tells this instance from any other.

    Attributes:
        failure: Why it can never publish again; None while it may.
        holder: Who holds the lease, as last seen.
        said: What the server said last instead of what it was asked for.
    """

    def __init__(self, api: Api, namespace: str, name: str, me: str) -> None:
        self.failure: NetpolError | None = None
        self.holder = ""
        self.said = ""
        self._api, self._namespace, self._name, self._me = api, namespace, name, me
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._seen: Observed | None = None
        self._renewed: float | None = None
        self._answered = time.monotonic()
        self._term: int | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def start(self) -> None:
        """Begin to take it and keep it."""
        self._thread.start()

    def held(self, now: float) -> bool:
        """Whether it is ours at the moment, monotonic seconds."""
        return self._renewed is not None and now - self._renewed < leader.DEADLINE_S

    def fresh(self, now: float) -> bool:
        """Whether the server confirmed it with one of the last two looks, so that it can be reached."""
        return self._renewed is not None and now - self._renewed < 2 * leader.RETRY_S + _SILENCE_S

    def silent_s(self, now: float) -> float:
        """Seconds since the server last answered; since the start if it never did."""
        return now - self._answered

    def release(self) -> None:
        """Give it back, so that another takes over at once."""
        self._stop.set()
        self._thread.join(leader.DEADLINE_S)
        if self._seen is not None and self._seen.lease is not None and self._seen.lease.holder == self._me:
            self._renewed = None
            try:
                self._write(self._seen.lease, "")
            except Answer as answer:
                LOG.info("the lease runs out by itself: %s", answer)

    def _run(self) -> None:
        while self.failure is None:
            try:
                self._turn()
            except NetpolError as error:
                self.failure = error
            except Exception as error:
                LOG.exception("the lease")
                self.failure = Unavailable(f"the lease {self._namespace}/{self._name} cannot be kept: {error!r}")
            if self._stop.wait(leader.RETRY_S):
                return

    def _turn(self) -> None:
        began = time.monotonic()
        try:
            self._look(began)
        except Conflict:
            self._seen = None
        except Denied as denied:
            if self._term is None or began - self._answered > _PATIENCE_S:
                raise Unavailable(lease_denial(denied, self._namespace, self._name)) from denied
            LOG.warning("lease: %s", denied)
        except (Answer, BadObject) as answer:
            self.said = str(answer)
            if isinstance(answer, BadObject) or answer.reason not in SILENT:
                self._answered = began
            LOG.info("lease: %s", answer)

    def _look(self, began: float) -> None:
        self._seen = leader.observed(self._seen, self._read(), began)
        self._answered = began
        lease = self._seen.lease
        self.holder = "" if lease is None else lease.holder
        if self._term is not None and lease is not None and lease.transitions != self._term:
            raise Unavailable(
                f"another instance has published meanwhile (the lease is held by {self.holder or 'nobody'}): "
                "this one ends, so that it reads anew what is published when it starts again"
            )
        if leader.may_take(self._seen, self._me, began):
            mine = self._write(lease, self._me)
            self._seen, self._term = Observed(mine, began), mine.transitions
            self._renewed, self.holder = began, self._me

    def _read(self) -> Seen | None:
        try:
            return leader.seen(self._api.get(f"{self._path}/{self._name}", silence_s=_SILENCE_S))
        except Missing:
            return None

    def _write(self, lease: Seen | None, me: str) -> Seen:
        body = leader.written(self._namespace, self._name, lease, me, now_ms())
        if lease is None:
            return leader.seen(self._api.post(self._path, body, _SILENCE_S))
        return leader.seen(self._api.put(f"{self._path}/{self._name}", body, _SILENCE_S))


class Alone:
    """Instead of a lease, where only one instance runs."""

    failure: NetpolError | None = None
    holder = "this instance"
    said = ""

    def start(self) -> None:
        """Nothing to take."""

    def held(self, _now: float) -> bool:
        """Always."""
        return True

    def fresh(self, _now: float) -> bool:
        """Always."""
        return True

    def silent_s(self, _now: float) -> float:
        """Nobody is asked."""
        return 0.0

    def release(self) -> None:
        """Nothing to give back."""
