"""Who held an address at a time.

A  [created ----------- ended)
B                              [created -----------
   ^ A            ^ A      ^ A or B within the skew   ^ B
"""

from dataclasses import dataclass
from typing import Final

from schemas.records import Millis

FOREVER: Final = 1 << 62
SKEW_MS: Final = 2_000
"""How far a node's clock may be from the API server's before an address at a lease's edge is nobody's."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One holder's time with an address.

    Attributes:
        start: From when; 0 if unknown.
        end: Until when, exclusive; FOREVER while it lasts.
        holder: The holder's identity.
    """

    start: Millis
    end: Millis
    holder: str


class Leases:
    """Leases by address; the order of insertion does not matter."""

    def __init__(self) -> None:
        self._by_address: dict[bytes, dict[str, Lease]] = {}

    def __contains__(self, address: bytes) -> bool:
        """Whether anybody is known to have held the address at any time."""
        return address in self._by_address

    def put(self, address: bytes, lease: Lease) -> None:
        """Add a lease, or change the holder's."""
        self._by_address.setdefault(address, {})[lease.holder] = lease

    def drop(self, address: bytes, holder: str) -> None:
        """Forget the holder's lease."""
        held = self._by_address.get(address, {})
        held.pop(holder, None)
        if not held:
            self._by_address.pop(address, None)

    def holders(self, address: bytes, first: Millis, last: Millis) -> tuple[str, ...]:
        """Everybody who may have held the address between the two moments, sorted.

        Those whose lease covers a moment of them; without any, those whose lease is within the skew of one.
        """
        leases = self._by_address.get(address)
        if leases is None:
            return ()
        if len(leases) == 1:
            (only,) = leases.values()
            return (only.holder,) if only.start - SKEW_MS <= last and first < only.end + SKEW_MS else ()
        for skew in (0, SKEW_MS):
            found = [one.holder for one in leases.values() if one.start - skew <= last and first < one.end + skew]
            if found:
                return tuple(sorted(found))
        return ()

    def current(self, address: bytes) -> tuple[str, ...]:
        """Everybody whose lease has not ended, sorted."""
        leases = self._by_address.get(address, {})
        return tuple(sorted(one.holder for one in leases.values() if one.end == FOREVER))
