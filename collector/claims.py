"""Which pod a namespace or a control group is believed to belong to: never more than what was seen allows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

KEPT_S: Final = 300.0
"""Edges of a pod that has ended may be drained, spooled or scanned later; nothing else is ever given its cookie."""
MOST_ENDED: Final = 4096
_FORGET_EVERY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at a pod found.

    Attributes:
        cookies: Of the network namespaces that its processes are in.
        groups: The ids of its control groups.
    """

    cookies: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Pod:
    born: float
    sight: Sight = Sight()
    past_cookies: dict[int, float] = field(default_factory=dict)
    past_groups: dict[int, float] = field(default_factory=dict)

    def see(self, sight: Sight, now: float) -> None:
        self.past_cookies.update(dict.fromkeys(self.sight.cookies - sight.cookies, now))
        self.past_groups.update(dict.fromkeys(self.sight.groups - sight.groups, now))
        self.sight = sight

    def forget(self, before: float) -> int:
        return _drop(self.past_cookies, before) + _drop(self.past_groups, before)


def _drop(past: dict[int, float], before: float) -> int:
    old = [number for number, when in past.items() if when < before]
    for number in old:
        del past[number]
    return len(old)


class Claims:
    """Pods, what they were seen to own, and what that says for certain.

    Attributes:
        by_cookie: Pod UIDs by namespace cookie; those that two pods are in are left out.
        by_group: Pod UIDs by cgroup id.
    """

    def __init__(self) -> None:
        self.by_cookie: Mapping[int, str] = {}
        self.by_group: Mapping[int, str] = {}
        self._live: dict[str, _Pod] = {}
        self._ended: dict[str, _Pod] = {}
        self._shared: frozenset[int] = frozenset()
        self._changed, self._forget_at = False, float("-inf")

    @property
    def sizes(self) -> tuple[int, int]:
        """How many pods live, and how many that ended are remembered."""
        return len(self._live), len(self._ended)

    def unsettled(self, uid: str, since: float) -> bool:
        """Whether a pod should be looked at again: it is new, young and without a namespace, or shares its own."""
        pod = self._live.get(uid)
        if pod is None:
            return True
        cookies = pod.sight.cookies
        return not self._shared.isdisjoint(cookies) or (not cookies and pod.born > since)

    def live_are(self, uids: Mapping[str, object], now: float) -> None:
        """Take note of which pods are there: the others have ended."""
        for uid in [uid for uid in self._live if uid not in uids]:
            self._ended[uid] = pod = self._live.pop(uid)
            pod.see(Sight(), now)
            self._changed = True
        for uid in list(self._ended)[:-MOST_ENDED]:
            del self._ended[uid]

    def see(self, uid: str, sight: Sight, now: float) -> None:
        """Take note of a look at a pod that is there: what an earlier look found and this one did not is past."""
        pod = self._live.get(uid) or self._ended.pop(uid, None) or _Pod(now)
        self._changed |= uid not in self._live or pod.sight != sight
        self._live[uid] = pod
        pod.see(sight, now)

    def hear(self, uid: str, cookies: frozenset[int], now: float) -> None:
        """Take note of namespaces that a pod has beside those of the last look at it."""
        pod = self._live.get(uid)
        known = Sight() if pod is None else pod.sight
        self.see(uid, Sight(known.cookies | cookies, known.groups), now)

    def settle(self, now: float) -> None:
        """Draw the conclusions of what was noted, and forget what is old."""
        if now >= self._forget_at:
            self._forget(now - KEPT_S)
            self._forget_at = now + _FORGET_EVERY_S
        if self._changed:
            self._conclude()

    def _conclude(self) -> None:
        pods = (*self._live.items(), *self._ended.items())
        self.by_cookie, self._shared = certain(
            ((uid, pod.sight.cookies) for uid, pod in pods), ((uid, pod.past_cookies) for uid, pod in pods)
        )
        self.by_group, _ = certain(
            ((uid, pod.sight.groups) for uid, pod in pods), ((uid, pod.past_groups) for uid, pod in pods)
        )
        self._changed = False

    def _forget(self, before: float) -> None:
        for pod in (*self._live.values(), *self._ended.values()):
            self._changed |= pod.forget(before) > 0
        for uid in [uid for uid, pod in self._ended.items() if not pod.past_cookies and not pod.past_groups]:
            del self._ended[uid]


def certain(
    now: Iterable[tuple[str, Iterable[int]]], past: Iterable[tuple[str, Iterable[int]]]
) -> tuple[dict[int, str], frozenset[int]]:
    """What belongs to one pod alone, and what more than one has at present.

    Whoever has it now goes before whoever had it: a process may visit the namespace of another pod for a moment.

    Args:
        now: Pod UIDs and what each was seen to have when last looked at.
        past: The same of what each had before.
    """
    present, before = _owners(now), _owners(past)
    owners = before | present
    return (
        {number: next(iter(uids)) for number, uids in owners.items() if len(uids) == 1},
        frozenset(number for number, uids in present.items() if len(uids) > 1),
    )


def _owners(claims: Iterable[tuple[str, Iterable[int]]]) -> dict[int, set[str]]:
    owners: defaultdict[int, set[str]] = defaultdict(set)
    for uid, numbers in claims:
        for number in numbers:
            owners[number].add(uid)
    return owners
