"""Which network namespaces processes are in, the node's own left out."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from collector.cgroups import Group, pod_uid_of_process
from collector.netns import GONE, Netns, inode_of

_MOST_NAMESPACES: Final = 64


class Occupants:
    """Asks processes for their namespaces; what has ended meanwhile is not there, what may not be read is counted.

    Args:
        proc: Where procfs of the node is.
        node: The node's own namespace.
        enter: As `collector.netns.look`.

    Attributes:
        failed: Processes and namespaces that could not be looked into.
    """

    def __init__(self, proc: Path, node: Netns, enter: Callable[[Path], Netns]) -> None:
        self._proc, self._node, self._enter = proc, node, enter
        self._own = os.getpid()
        self.failed = 0

    def cookies(self, groups: Iterable[Group], holds: Callable[[Group, int], bool]) -> frozenset[int]:
        """The namespaces of a pod's processes.

        A group that has a process on the host network lives there: the namespaces of its others are visits, as a
        network plugin pays them to the pods it sets up.

        Args:
            groups: The pod's control groups.
            holds: Whether a process is in a group still: else its number may be another's by now.
        """
        ways: dict[int, tuple[Group, int]] = {}
        for group in groups:
            found = {inode: (group, process) for process in group.processes if (inode := self._inode(process))}
            if self._node.inode not in found:
                ways.update(found)
        self.failed += max(len(ways) - _MOST_NAMESPACES, 0)
        entered = {self._cookie(way[1]): way for way in islice(ways.values(), _MOST_NAMESPACES)}
        strange = entered.keys() - {0, self._node.cookie}
        return frozenset(cookie for cookie in strange if holds(*entered[cookie]))

    def pods(self) -> Mapping[str, frozenset[int]]:
        """The namespaces of every pod that a process says it is in, by UID: for when its control group is out of sight.

        Where the node itself is within a pod of another cluster, paths begin with that pod: nothing is told.
        """
        if pod_uid_of_process(self._text("1")):
            return {}
        by_text: defaultdict[str, set[int]] = defaultdict(set)
        for name in os.listdir(self._proc):  # noqa: PTH208  2,000 names, no Path for each
            if name.isdecimal():
                by_text[self._text(name)].add(int(name))
        by_pod: defaultdict[str, list[Group]] = defaultdict(list)
        for text, processes in by_text.items():
            if uid := pod_uid_of_process(text):
                by_pod[uid].append(Group(0, text, frozenset(processes)))
        return {uid: self.cookies(groups, self._says) for uid, groups in by_pod.items()}

    def _says(self, group: Group, process: int) -> bool:
        return self._text(str(process)) == group.path

    def _text(self, process: str) -> str:
        try:
            with open(f"{self._proc}/{process}/cgroup", encoding="utf-8", errors="replace") as file:  # noqa: PTH123  the same
                return file.read()
        except GONE:
            return ""
        except OSError:
            self.failed += 1
            return ""

    def _inode(self, process: int) -> int:
        try:
            return inode_of(self._link(process))
        except GONE:
            self.failed += process == 0  # of a PID namespace that is not visible here
        except OSError:
            self.failed += 1
        return 0

    def _cookie(self, process: int) -> int:
        try:
            return self._enter(Path(self._link(process))).cookie
        except GONE:
            return 0
        except OSError:
            self.failed += 1
            return 0

    def _link(self, process: int) -> str:
        # of this program the calling thread is asked: another one may be on a visit itself
        return f"{self._proc}/{'thread-self' if process == self._own else process}/ns/net"
