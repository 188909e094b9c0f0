"""External addresses of one role, protocol, port and family in one window: a fixed amount however many there are.

Past a limit they are told apart by fewer leading bits: the finest level at which they are few enough. That level, and
what is counted at it, depend on the set of addresses alone, so neither order nor a restart matters.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, NamedTuple

from schemas.external import LEVELS, METADATA, zone_bits
from schemas.records import Millis
from streams.windows.distinct import new_sketch, note
from streams.windows.edge_sum import EdgeSum

_WIDTH: Final = {4: 32, 6: 128}
_EXACT: Final = 0
_PREFIX_SHIFT: Final = 8


class Outside(NamedTuple):
    """An external address, taken apart once.

    Attributes:
        version: 4 or 6.
        number: Its value.
        zone: Length of the private range that holds it; 0 if it is the internet's.
        apart: It is never joined with others.
    """

    version: int
    number: int
    zone: int
    apart: bool

    @property
    def text(self) -> str:
        """As people write it."""
        return str(ip_address(self.packed))

    @property
    def packed(self) -> bytes:
        """In network order."""
        return self.number.to_bytes(_WIDTH[self.version] // 8, "big")

    def prefix(self, bits: int) -> int:
        """Its prefix of so many bits, never wider than its zone; 0 bits for the address alone."""
        kept = max(bits, self.zone) if bits else _WIDTH[self.version]
        return self.number >> _WIDTH[self.version] - kept << _PREFIX_SHIFT | kept

    def first_of(self, bits: int) -> "Outside":
        """The first address of its prefix."""
        shift = _WIDTH[self.version] - max(bits, self.zone)
        return self._replace(number=self.number >> shift << shift)


@lru_cache(maxsize=8_192)
def outside(text: str) -> Outside:
    """The address; raises ValueError if it is none."""
    address = ip_address(text)
    return Outside(address.version, int(address), zone_bits(address), address in METADATA)


@dataclass(slots=True)
class Member:
    """A prefix, or an address alone, and what was seen of it; `lowest` is an address of it."""

    lowest: Outside
    total: EdgeSum


@dataclass(slots=True)
class Side:
    """The established connections of a crowd, or its attempts.

    Attributes:
        limit: Members at most.
        bits: Leading bits that are told apart; 0 while addresses are.
        members: By prefix.
        sketch: Of all addresses, once prefixes are told apart only; empty before.
    """

    limit: int
    bits: int = _EXACT
    members: dict[int, Member] = field(default_factory=dict)
    sketch: bytearray = field(default_factory=bytearray)

    def at(self, address: Outside, at: Millis) -> tuple[EdgeSum, bool]:
        """The sum that the address belongs to, and whether it is new; time is that of the sighting."""
        if self.bits:
            note(self.sketch, address.packed)
        key = address.prefix(self.bits)
        member = self.members.get(key)
        if member is None:
            member = self.members[key] = Member(address, EdgeSum(at, at))
            return member.total, True
        if address.number < member.lowest.number:
            member.lowest = address
        return member.total, False

    def fold(self) -> None:
        """Tell fewer bits apart while there are too many members."""
        while len(self.members) > self.limit:
            version = next(iter(self.members.values())).lowest.version
            coarser = [bits for bits in LEVELS[version] if not self.bits or bits < self.bits]
            if not coarser:
                return
            self.coarsen(coarser[0])

    def coarsen(self, bits: int) -> None:
        """Tell no more than these leading bits apart."""
        if self.bits and self.bits <= bits:
            return
        if not self.bits:
            self.sketch = new_sketch()
            for member in self.members.values():
                note(self.sketch, member.lowest.packed)
        members, self.members, self.bits = self.members, {}, bits
        for member in members.values():
            self._join(member)

    def _join(self, member: Member) -> None:
        key = member.lowest.prefix(self.bits)
        known = self.members.get(key)
        member.total.made = None
        if known is None:
            self.members[key] = member
            return
        known.total.absorb(member.total)
        if member.lowest.number < known.lowest.number:
            known.lowest = member.lowest
