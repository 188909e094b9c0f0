"""A directory's answers, kept while they hold: many connections ask for the same ends at about the same time.

Whoever makes one holds the inventory's lock for as long as it is used, so the directory does not change.
"""

from typing import Final

from schemas.records import Millis
from streams.directory import Directory
from streams.ends import End, Server
from streams.resolve import SERVER, Asked, Own, Span, own_end

_UNSTEADY: Final = None


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
        self.others: dict[tuple[int, int, bytes, int], tuple[Server, ...] | None] = {}

    def covers(self, first: Millis, last: Millis) -> bool:
        """Whether both moments lie within the span."""
        return self.span[0] <= first and last <= self.span[1]

    def own_end(self, own: Own) -> End | None:
        """Who was at a connection's own end."""
        if own not in self._own:
            steady = self.directory.steady(own.address, *self.span)
            self._own[own] = own_end(own, self.span, self.directory) if steady else _UNSTEADY
        return self._own[own]

    def other_ends(self, asked: Asked) -> tuple[Server, ...] | None:
        """What was at a connection's other end; kept by whoever asks, in `others`."""
        if asked.role != SERVER:
            return self.directory.steady_servers(asked.address, asked.protocol, asked.port, self.span)
        end = self.directory.steady_end(asked.address, *self.span)
        return None if end is None else (Server(end, asked.port),)
