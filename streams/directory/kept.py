"""A directory's answers, kept while they hold: many connections ask for the same ends at about the same time.

Whoever makes one holds the inventory's lock for as long as it is used, so the directory does not change.
"""

from typing import Final, NamedTuple

from schemas.records import Millis
from streams.directory.directory import Directory
from streams.directory.ends import End, PodEnd, Server
from streams.directory.resolve import SERVER, Asked, Own, Span, own_end

_UNSTEADY: Final = None


class Asking(NamedTuple):
    """What was found at other ends.

    Attributes:
        servers: None where that is not the same for all of the time.
        plain: The only server, if it is a pod without a mesh.
    """

    servers: tuple[Server, ...] | None
    plain: PodEnd | None


class Kept:
    """Answers for any time within a span; None where the answer differs from one moment of it to another.

    Args:
        directory: Does not change meanwhile.
        span: First and last moment.
    """

    def __init__(self, directory: Directory, span: Span) -> None:
        self.directory = directory
        self.span = span
        self._own: dict[Own, End | None] = {}
        self.others: dict[tuple[int, int, bytes, int], Asking] = {}

    def covers(self, first: Millis, last: Millis) -> bool:
        """Whether both moments lie within the span."""
        return self.span[0] <= first and last <= self.span[1]

    def own_end(self, own: Own) -> End | None:
        """Who was at a connection's own end."""
        if own not in self._own:
            steady = self.directory.steady(own.address, *self.span)
            self._own[own] = own_end(own, self.span, self.directory) if steady else _UNSTEADY
        return self._own[own]

    def other_ends(self, asked: Asked) -> Asking:
        """What was at a connection's other end; kept by whoever asks, in `others`."""
        servers = self._servers(asked)
        if servers is None or len(servers) > 1:
            return Asking(servers, None)
        end = servers[0].end
        return Asking(servers, end if isinstance(end, PodEnd) and not end.mesh else None)

    def _servers(self, asked: Asked) -> tuple[Server, ...] | None:
        if asked.role != SERVER:
            return self.directory.steady_servers(asked.address, asked.protocol, asked.port, self.span)
        end = self.directory.steady_end(asked.address, *self.span)
        return None if end is None else (Server(end, asked.port),)
