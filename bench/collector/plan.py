"""Which loads are made, how long and how often."""

from dataclasses import dataclass, replace
from typing import Final

from bench.collector.load import Load

MAXIMUM: Final = 0.0
"""As many a second as the machine can make."""
EDGES: Final = 500
"""Distinct edges of a usual load: two rows each, so 1,000 rows in a batch."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    Attributes:
        seconds: Of each half of a pair.
        pairs: With and without, at the most the machine can do; fewer at given rates.
        steady_s: Of a phase that measures the collector alone.
        interval_s: Between reports.
        sizes: Distinct edges of the phases that compare them, half the rows.
        flood_entries: Room in the map under the flood.
        warmup_s: Made before each measurement.
    """

    seconds: float = 5.0
    pairs: int = 10
    steady_s: float = 20.0
    interval_s: float = 5.0
    sizes: tuple[int, ...] = (500, 5_000, 50_000)
    flood_entries: int = 65_536
    warmup_s: float = 0.3

    @property
    def few(self) -> int:
        """Pairs at given rates, which vary less."""
        return max(2, self.pairs // 4)

    def load(self, rate: float, edges: int = EDGES) -> Load:
        """TCP connections for one half of a pair."""
        return Load("TCP", rate, edges, self.seconds, warmup_s=self.warmup_s)

    def steady(self, rate: float, edges: int = EDGES) -> Load:
        """TCP connections for a phase that measures the collector alone; each edge comes in each interval."""
        return replace(self.load(rate, edges), seconds=self.steady_s, in_turn=edges > EDGES)

    def udp(self, load: Load) -> Load:
        """The same as UDP requests."""
        return replace(load, protocol="UDP")

    @property
    def flood(self) -> Load:
        """Nearly each connection an edge that was not there before."""
        return replace(self.load(MAXIMUM, 400_000), in_turn=True)


QUICK: Final = Plan(
    seconds=1.5, pairs=2, steady_s=3.0, interval_s=1.0, sizes=(500, 2_500, 5_000), flood_entries=8_192, warmup_s=0.2
)
"""All phases in about a minute: shows that everything works; its figures are rough."""
