"""What clients reached, remembered for as long as nothing that it follows from changes."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from schemas.records import Millis, Protocol
from streams.directory.ends import Server
from streams.directory.leases import Period
from streams.objects.addresses import Ranges

_ADDRESSES: Final = 50_000
_PERIODS: Final = 8


class Answer(NamedTuple):
    """What a client reached at an address and port in a period."""

    period: Period
    servers: tuple[Server, ...]


@dataclass(slots=True)
class _Known:
    """Answers for an address by protocol and port, the latest first, and all that they follow from."""

    answers: dict[tuple[Protocol, int], list[Answer]] = field(default_factory=dict)
    tokens: set[Hashable] = field(default_factory=set)


class Reached:
    """Answers by address, and by tokens for everything else that they follow from."""

    def __init__(self) -> None:
        self._known: dict[bytes, _Known] = {}
        self._addresses: dict[Hashable, set[bytes]] = {}
        self._same: dict[tuple[Server, ...], tuple[Server, ...]] = {}

    def get(self, address: bytes, protocol: Protocol, port: int, seen: tuple[Millis, Millis]) -> Answer | None:
        """The answer for a time between two moments, if there is one."""
        known = self._known.get(address)
        if known is not None:
            first, last = seen
            for answer in known.answers.get((protocol, port), ()):
                (since, until), _ = answer
                if since <= first and last < until:
                    return answer
        return None

    def put(self, address: bytes, protocol: Protocol, port: int, answer: Answer, tokens: Iterable[Hashable]) -> None:
        """Remember an answer until `forget` is called for the address or a token."""
        if len(self._known) >= _ADDRESSES:
            self.clear()
        known = self._known.setdefault(address, _Known())
        answers = known.answers.setdefault((protocol, port), [])
        answers.insert(0, answer)
        del answers[_PERIODS:]
        for token in tokens:
            known.tokens.add(token)
            self._addresses.setdefault(token, set()).add(address)

    def same(self, servers: tuple[Server, ...]) -> tuple[Server, ...]:
        """The same objects as for an equal answer before."""
        if len(self._same) >= _ADDRESSES:
            self._same.clear()
        return self._same.setdefault(servers, servers)

    def forget(self, *tokens: Hashable) -> None:
        """What follows from these has changed; an address is a token too."""
        for token in tokens:
            if isinstance(token, bytes):
                self._drop(token)
            for address in tuple(self._addresses.get(token, ())):
                self._drop(address)

    def forget_within(self, cidrs: Iterable[str]) -> None:
        """What is said of addresses in these ranges has changed."""
        ranges = Ranges(cidrs)
        tokens = (*self._known, *self._addresses)
        self.forget(*[token for token in tokens if isinstance(token, bytes) and token in ranges])

    def clear(self) -> None:
        """Everything may have changed."""
        self._known.clear()
        self._addresses.clear()

    def _drop(self, address: bytes) -> None:
        known = self._known.pop(address, _Known())
        for token in known.tokens:
            addresses = self._addresses[token]
            addresses.discard(address)
            if not addresses:
                del self._addresses[token]

    def __len__(self) -> int:
        """How much is held, in addresses and tokens."""
        return len(self._known) + len(self._addresses)
