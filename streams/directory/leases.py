"""Who held an address at a time.

A  [started ----------- ended)
B                              [started -----------
   ^ A            ^ A      ^ A or B within the skew   ^ B
"""

from collections.abc import Iterable
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from schemas.records import Millis

FOREVER: Final = 1 << 62
SKEW_MS: Final = 2_000
"""How far a node's clock may be from the API server's before an address at a lease's edge is nobody's."""


class Lease(Protocol):
    """Somebody's time with something: from `start` (0 if unknown) to `end`, exclusive, FOREVER while it lasts."""

    @property
    def start(self) -> Millis:
        """Milliseconds."""

    @property
    def end(self) -> Millis:
        """Milliseconds."""


L = TypeVar("L", bound=Lease)


class Period(NamedTuple):
    """A time in which no lease of some begins or ends: from `start` to `end`, exclusive."""

    start: Millis
    end: Millis

    def same(self, first: Millis, last: Millis) -> bool:
        """Whether it neither begins nor ends between the two moments."""
        return (self.start <= first) == (self.start <= last) and (first < self.end) == (last < self.end)


NEVER: Final = Period(0, 0)


class Leases(Generic[L]):
    """Leases by address; the order of insertion does not matter.

    Attributes:
        by_address: A lease alone stands for itself, since most do and there are very many; several are a tuple.
    """

    def __init__(self) -> None:
        self.by_address: dict[bytes, L | tuple[L, ...]] = {}

    def __contains__(self, address: bytes) -> bool:
        """Whether anybody is known to have held the address at any time."""
        return address in self.by_address

    def put(self, address: bytes, lease: L) -> None:
        """Add a lease, once."""
        held = self.all(address)
        if lease not in held:
            self._set(address, (*held, lease))

    def drop(self, address: bytes, lease: L) -> None:
        """Forget a lease."""
        self._set(address, tuple(one for one in self.all(address) if one is not lease))

    def all(self, address: bytes) -> tuple[L, ...]:
        """All leases of the address, whenever they were."""
        held = self.by_address.get(address, ())
        return held if isinstance(held, tuple) else (held,)

    def holders(self, address: bytes, first: Millis, last: Millis) -> tuple[L, ...]:
        """Everybody who may have held the address between the two moments, in no order."""
        return alive(self.all(address), first, last)

    def _set(self, address: bytes, leases: tuple[L, ...]) -> None:
        if leases:
            self.by_address[address] = leases[0] if len(leases) == 1 else leases
        else:
            self.by_address.pop(address, None)


def alive(leases: tuple[L, ...], first: Millis, last: Millis) -> tuple[L, ...]:
    """Those whose lease covers a moment between the two; without any, those whose lease is within the skew of one."""
    if not leases:
        return ()
    if len(leases) == 1:
        (only,) = leases
        return leases if only.start - SKEW_MS <= last and first < only.end + SKEW_MS else ()
    for skew in (0, SKEW_MS):
        found = tuple(one for one in leases if one.start - skew <= last and first < one.end + skew)
        if found:
            return found
    return ()


def period(leases: Iterable[Lease], first: Millis, last: Millis) -> Period:
    """The time around the two moments in which `alive` says the same of these leases; NEVER if it changes between."""
    since, until = 0, FOREVER
    for one in leases:
        for edge in (one.start - SKEW_MS, one.start, one.end, one.end + SKEW_MS):
            if edge <= first:
                since = max(since, edge)
            elif edge <= last:
                return NEVER
            else:
                until = min(until, edge)
    return Period(since, until)
