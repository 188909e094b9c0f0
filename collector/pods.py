"""Which pod a socket belongs to: by the network namespace it is in, or by its control group on the host's network.

A namespace is a pod's if processes of that pod's control groups are in it, and of no other pod's. The node's own is
nobody's: what happens there is told apart by control groups alone.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

from collector.cgroups import Tree, links, version1_mounts
from collector.claims import Claims, Sight
from collector.netns import Netns, look, node_namespace
from collector.occupants import Occupants

_SEARCH_S: Final = 60.0
_SEARCH_IN_VAIN_S: Final = 5.0
_YOUNG_S: Final = 30.0
"""A container's first process stands in the pod's control group before it enters the pod's namespace."""
_ROTATED: Final = 3
"""Pods that are looked at again in each refresh although nothing tells of a change."""
_TRIES: Final = 3
_MOST_FRUITLESS: Final = 65_536
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class PodCounts:
    """How much is known.

    Attributes:
        live: Pods that are there.
        ended: Pods that are remembered.
        namespaces: Cookies that tell a pod.
        cgroups: Control groups that tell a pod.
    """

    live: int
    ended: int
    namespaces: int
    cgroups: int


class PodDirectory:
    """The pods of the node. For one thread: looking into a namespace takes the calling thread there for a moment.

    Args:
        cgroup_root: Of cgroup2. If no pod stands there, the hierarchies of version 1 are looked at; they tell
            namespaces only, since the kernel's cgroup ids are those of cgroup2.
        proc: Where procfs of the node is.
        enter: As `collector.netns.look`.
    """

    def __init__(self, cgroup_root: Path, proc: Path = _PROC, enter: Callable[[Path], Netns] = look) -> None:
        self._version2, self._roots = str(cgroup_root), (str(cgroup_root), *_version1(proc))
        self._node = node_namespace(proc, enter)
        self._tree, self._occupants, self._claims = Tree(), Occupants(proc, self._node, enter), Claims()
        self._parents: tuple[str, ...] = ()
        self._ids_count, self._search_at, self._turn = True, float("-inf"), 0
        self._links: Mapping[str, int] = {}
        self._fruitless: Counter[tuple[int, int]] = Counter()

    @property
    def failed(self) -> int:
        """Directories, processes and namespaces that could not be looked into since the start."""
        return self._occupants.failed + self._tree.failed

    @property
    def counts(self) -> PodCounts:
        """How much is known."""
        live, ended = self._claims.sizes
        return PodCounts(live, ended, len(self._claims.by_cookie), len(self._claims.by_group))

    def uid(self, netns_cookie: int, cgroup_id: int) -> str:
        """The pod's UID (a static pod's hash) as `pod_uid` has it; "" if it is not known for certain."""
        return self._claims.by_cookie.get(netns_cookie) or self._claims.by_group.get(cgroup_id, "")

    def refresh(self, now: float) -> None:
        """Find what came and what ended; to be called every second or two.

        Args:
            now: Seconds of a clock that never goes back.
        """
        present = self._present(now)
        before, self._links = self._links, {uid: links(directories) for uid, directories in present.items()}
        changed = [uid for uid, count in self._links.items() if before.get(uid) != count]
        unsettled = [uid for uid in present if self._claims.unsettled(uid, now - _YOUNG_S)]
        self._look(present, {*changed, *unsettled, *self._next(present)}, now)

    def resolve(self, pairs: Iterable[tuple[int, int]], now: float) -> None:
        """Look everywhere if a pair of namespace cookie and cgroup id is new and nobody's: its pod may just have begun.

        A pair that stays nobody's is looked for three times and then left to `refresh`.

        Args:
            pairs: As in the rows of a drain.
            now: As in `refresh`.
        """
        unknown = {pair for pair in pairs if self._may_be_a_pods(pair)}
        if not unknown:
            return
        self._search_at = now
        present = self._present(now)
        self._look(present, present, now)
        if any(cookie not in self._claims.by_cookie and cookie != self._node.cookie for cookie, _ in unknown):
            self._ask_processes(now)
        self._note_fruitless(unknown)

    def _may_be_a_pods(self, pair: tuple[int, int]) -> bool:
        cookie, group = pair
        named = group != 0 if cookie == self._node.cookie else cookie != 0
        return named and not self.uid(cookie, group) and self._fruitless[pair] < _TRIES

    def _note_fruitless(self, unknown: Iterable[tuple[int, int]]) -> None:
        if len(self._fruitless) > _MOST_FRUITLESS:
            self._fruitless.clear()
        self._fruitless.update(pair for pair in unknown if not self.uid(*pair))

    def _present(self, now: float) -> Mapping[str, tuple[str, ...]]:
        if now >= self._search_at:
            self._search(now)
        found: dict[str, tuple[str, ...]] = {}
        for parent in self._parents:
            for uid, directories in self._tree.pods(parent).items():
                found[uid] = (*found.get(uid, ()), *directories)
        if not found:
            self._search_at = min(self._search_at, now + _SEARCH_IN_VAIN_S)
        return found

    def _search(self, now: float) -> None:
        self._parents = ()
        for root in self._roots:
            parents = tuple(self._tree.parents(root))
            if any(self._tree.pods(parent) for parent in parents):
                self._parents, self._ids_count = parents, root == self._version2
                break
        self._search_at = now + _SEARCH_S

    def _next(self, present: Iterable[str]) -> tuple[str, ...]:
        """A few pods of all in turn."""
        some = tuple(islice(present, self._turn, self._turn + _ROTATED))
        self._turn = self._turn + _ROTATED if some else 0
        return some

    def _look(self, present: Mapping[str, Iterable[str]], uids: Iterable[str], now: float) -> None:
        self._claims.live_are(present, now)
        for uid in uids:
            groups = tuple(chain.from_iterable(map(self._tree.groups, present[uid])))
            cookies = self._occupants.cookies(groups, self._tree.holds)
            ids = frozenset(group.id for group in groups if self._ids_count and group.id)
            self._claims.see(uid, Sight(cookies, ids), now)
        self._claims.settle(now)

    def _ask_processes(self, now: float) -> None:
        for uid, cookies in self._occupants.pods().items():
            self._claims.hear(uid, cookies, now)
        self._claims.settle(now)


def _version1(proc: Path) -> tuple[str, ...]:
    try:
        return version1_mounts((proc / "self/mountinfo").read_text())
    except OSError:
        return ()
