"""How far event time has come, from the ends of the nodes' batches alone: one clock that is ahead cannot carry it off.

    nodes' newest ends        a        b   c   d                                    e (an hour ahead)
                              |--------|---|---|------------------------------------|
                                               ^ of 5 nodes, the second newest counts

Of n nodes the k-th newest end counts, k = 1 + a tenth of n and at least 2. A node that has been silent for thirty
rounds (in a round each talking node is heard once) has no say, or dead nodes would hold time back for ever.
"""

import heapq
from typing import Final

from schemas.records import Millis

NEVER: Final = 1 << 62
_SILENT_ROUNDS: Final = 30
_SHARE: Final = 10


class Clock:
    """The nodes' last ends."""

    def __init__(self) -> None:
        self._ends: dict[str, tuple[Millis, int]] = {}
        self._round = 0

    def hear(self, node: str, end: Millis) -> None:
        """A node's batch ended then; a node's batches come in order."""
        known = self._ends.get(node)
        if known is not None and known[1] == self._round:
            self._round += 1
        self._ends[node] = (end, self._round)

    def time(self) -> Millis:
        """The end that counts; long ago if there is none."""
        talking = {node: one for node, one in self._ends.items() if self._round - one[1] <= _SILENT_ROUNDS}
        self._ends = talking
        if not talking:
            return -NEVER
        count = min(len(talking), max(2, 1 + len(talking) // _SHARE))
        return heapq.nlargest(count, (end for end, _ in talking.values()))[-1]
