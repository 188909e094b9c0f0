"""What a revision of a window adds to the one before: the edges that are new or grew, with the growth as count."""

from dataclasses import dataclass, replace
from typing import Final

from advisor.recorded.model import EnrichedLine
from schemas.records import Edge, Millis, Peer, Protocol, Role, WorkloadRef, WorkloadWindow

KEPT_WINDOWS: Final = 24
"""Windows per workload whose counts are remembered: two hours at the default length."""


@dataclass(frozen=True, slots=True)
class _Key:
    role: Role
    peer: Peer
    protocol: Protocol
    port: int


@dataclass(frozen=True, slots=True)
class _Counts:
    client: int = 0
    server: int = 0
    unknown: int = 0
    attempts: int = 0
    established: bool = False

    @property
    def connections(self) -> int:
        return max(self.client, self.server, self.unknown)


@dataclass(slots=True)
class _Known:
    """A workload's windows, and the start before which they are forgotten."""

    windows: dict[Millis, dict[_Key, _Counts]]
    floor: Millis | None = None


class Differences:
    """Remembers what has been printed; revisions that repeat or fall behind what is remembered add nothing.

    Attributes:
        forgotten: Revisions of windows too old to be remembered; nothing of them is printed.
    """

    def __init__(self, kept_windows: int = KEPT_WINDOWS) -> None:
        self._kept = kept_windows
        self._known: dict[WorkloadRef, _Known] = {}
        self.forgotten = 0

    def of(self, window: WorkloadWindow) -> tuple[EnrichedLine, ...]:
        """The lines that this revision adds."""
        known = self._known.setdefault(window.workload.ref, _Known({}))
        if known.floor is not None and window.start <= known.floor:
            self.forgotten += 1
            return ()
        printed = known.windows.setdefault(window.start, {})
        lines = tuple(EnrichedLine(window.workload, grown) for edge in window.edges if (grown := _grown(printed, edge)))
        self._forget(known)
        return lines

    def _forget(self, known: _Known) -> None:
        while len(known.windows) > self._kept:
            known.floor = min(known.windows)
            del known.windows[known.floor]


def _grown(printed: dict[_Key, _Counts], edge: Edge) -> Edge | None:
    """The edge with its growth as counts, remembered as printed; None if nothing is new."""
    key = _Key(edge.role, edge.peer, edge.protocol, edge.port)
    before = printed.get(key, _Counts())
    after = _Counts(
        max(before.client, edge.client_count),
        max(before.server, edge.server_count),
        max(before.unknown, edge.unknown_count),
        max(before.attempts, edge.attempts),
        before.established or edge.established,
    )
    connections, attempts = after.connections - before.connections, after.attempts - before.attempts
    told = connections > 0 or after.established > before.established  # what is only open is told once, as a count of 0
    if not told and not attempts:
        return None
    printed[key] = after
    return replace(
        edge,
        client_count=connections if edge.client_count else 0,
        server_count=connections if edge.server_count else 0,
        unknown_count=connections if edge.unknown_count else 0,
        attempts=attempts,
        still_open=edge.still_open if told else (),
    )
