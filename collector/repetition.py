"""Which rows of a drain are told now and which are held, so that an edge already told costs nothing until it must.

    clock     0                          repeat                       2 repeat
              |--d-----d-----d-----d-----|--d-----d-----d-----d-------|
    edge e       3     2     .     4        1
    told         3                          6  1
                 ^ new, at once             ^ what was held, with its own times, before anything of the new window

An edge counts as told when Kafka has acknowledged the batch that told it. Until then each drain tells what is new.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from collector.columns import Row, sound
from collector.layout import LIMIT, VALUE
from schemas.records import Millis


class Repetition:
    """The edges told in the present window, and what has been seen of them since.

    Counts are exact: what came in is what was given out and what is held. A held row lies within one window, so that
    it belongs to one window of any length that the window's length divides.

    Args:
        repeat_ms: Length of a window, whose starts are multiples of it; 0 holds nothing.
        capacity: Edges remembered at most; the rows of others go out at once.
    """

    def __init__(self, repeat_ms: Millis, capacity: int) -> None:
        self._repeat_ms: Final = repeat_ms
        self._capacity: Final = capacity
        self._window: int | None = None
        self._drain = 0
        self._acknowledged: set[int] = set()
        self._told: dict[bytes, int] = {}
        self._held: dict[bytes, bytes] = {}
        self._held_connections = 0

    @property
    def held(self) -> int:
        """Connections not told."""
        return self._held_connections

    def due(self, rows: Sequence[Row], now_ms: Millis) -> tuple[Row, ...]:
        """The rows to publish of this drain, those held before a window's turn first.

        Args:
            rows: What was drained; rows that are no edges pass through.
            now_ms: UTC of the drain.
        """
        if not self._repeat_ms:
            return tuple(rows)
        before = self._turned(now_ms // self._repeat_ms)
        self._drain += 1
        edges, others = sound(rows)
        return (*before, *self._sorted_out(edges), *others)

    def rest(self) -> tuple[Row, ...]:
        """What is held, and nothing is remembered: at the end."""
        rest = tuple(self._held.items())
        self._held.clear()
        self._held_connections = 0
        self._told.clear()
        self._acknowledged.clear()
        return rest

    def acknowledgement(self, batches: int) -> Callable[[], None]:
        """To be called for each of the batches into which the rows last given out went, when Kafka has it."""
        drain, missing = self._drain, batches

        def one() -> None:
            nonlocal missing
            missing -= 1
            if not missing:
                self._acknowledged.add(drain)

        return one

    def _turned(self, window: int) -> tuple[Row, ...]:
        """What is held, if the clock is in another window than before; it may have been set back."""
        if window == self._window:
            return ()
        self._window = window
        return self.rest()

    def _sorted_out(self, rows: Iterable[Row]) -> Iterator[Row]:
        newest = max(self._acknowledged, default=0)
        for row in rows:
            told = self._told.get(row[0])
            if told in self._acknowledged:
                yield from self._hold(*row)
                continue
            yield row
            if told is None:
                if len(self._told) < self._capacity:
                    self._told[row[0]] = self._drain
            elif told < newest:  # Kafka has later ones: that batch is lost
                self._told[row[0]] = self._drain

    def _hold(self, key: bytes, value: bytes) -> Iterator[Row]:
        """Nothing, or what was held, if its count can grow no more."""
        known = self._held.get(key)
        more, begun, ended = VALUE.unpack(value)
        self._held_connections += more
        if known is None:
            self._held[key] = value
            return
        count, first, last = VALUE.unpack(known)
        if count + more < LIMIT:
            self._held[key] = VALUE.pack(count + more, min(first, begun), max(last, ended))
        else:
            yield key, known
            self._held_connections -= count
            self._held[key] = value
