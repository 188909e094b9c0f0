"""Takes everything out of the kernel's maps, without losing a connection that is counted meanwhile."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector.layout import COOKIE_BYTES, KEY, VALUE, Counter, State, per_cpu_sum
from collector.link import attached
from collector.probe import LoadedProbe, ProbeSpec, Program, load
from collector.syscall import map_get, map_set, map_take

_POSSIBLE: Final = Path("/sys/devices/system/cpu/possible")
_EDGES: Final = ("edges_a", "edges_b")


@dataclass(frozen=True, slots=True)
class Drained:
    """What the kernel counted since the drain before.

    Attributes:
        rows: Keys and values of the edge map, as bytes.
        counters: By `Counter`, since loading.
        utc_ns: When the drain was made, UTC.
        boot_ns: The same moment on the boot clock, which stamps the rows.
    """

    rows: tuple[tuple[bytes, bytes], ...]
    counters: tuple[int, ...]
    utc_ns: int
    boot_ns: int


@dataclass(frozen=True, slots=True)
class Recent:
    """TCP sockets that the programs have counted since they were attached.

    Attributes:
        cookies: The kernel's numbers of them.
        full: There were more than could be remembered.
    """

    cookies: frozenset[int]
    full: bool


class EdgeSource:
    """The two edge maps in turn: one is filled by the kernel while the other is drained."""

    def __init__(self, loaded: LoadedProbe) -> None:
        self._loaded = loaded
        self._links = ExitStack()
        self._maps = loaded.maps
        self._filled = 0
        self._cpus = possible_cpus(_POSSIBLE.read_text())
        self._fill(0)
        self._set(State.STARTED_NS, since_boot_ns())
        self._set(State.RECORDING, 1)

    def attach(self, programs: Iterable[Program], cgroup: Path) -> None:
        """Let the programs run for the cgroup's sockets; raises KernelUnavailable."""
        for program in programs:
            self._links.enter_context(attached(self._loaded.programs[program.name], cgroup, program.attach_type))

    def detach(self) -> None:
        """No program runs for new events; what was counted can still be drained."""
        self._links.close()

    def drain(self) -> Drained:
        """All edges since the drain before, and the counters."""
        idle = self._filled
        self._fill(1 - idle)
        utc_ns, boot_ns = time.time_ns(), since_boot_ns()
        rows = tuple(map_take(self._maps[_EDGES[idle]], KEY.size, VALUE.size))
        return Drained(rows, self._counters(), utc_ns, boot_ns)

    def counted_so_far(self) -> Recent:
        """The TCP sockets counted since the programs were attached; for the first look at older ones."""
        full = self._state(State.RECENT_FULL)
        return Recent(frozenset(int.from_bytes(key, sys.byteorder) for key in self._recent()), full=bool(full))

    def older_are_known(self) -> None:
        """Remember counted sockets no longer."""
        self._set(State.RECORDING, 0)

    def _recent(self) -> Iterator[bytes]:
        return (key for key, _ in map_take(self._maps["recent"], COOKIE_BYTES, 1))

    def _state(self, which: State) -> int:
        return int.from_bytes(map_get(self._maps["state"], _index(which), 8), sys.byteorder)

    def _set(self, which: State, value: int) -> None:
        map_set(self._maps["state"], _index(which), value.to_bytes(8, sys.byteorder))

    def _fill(self, which: int) -> None:
        # Returns when no program that took the other map still runs: see `active` in bpf/edges.c.
        map_set(self._maps["active"], _index(0), _index(self._maps[_EDGES[which]]))
        self._filled = which

    def _counters(self) -> tuple[int, ...]:
        size = 8 * self._cpus
        return tuple(per_cpu_sum(map_get(self._maps["counters"], _index(counter), size)) for counter in Counter)


def since_boot_ns() -> int:
    """The boot clock, which stamps the rows: CLOCK_MONOTONIC, of which the programs read the coarse form."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def _index(value: int) -> bytes:
    return value.to_bytes(4, sys.byteorder)


def possible_cpus(text: str) -> int:
    """How many CPUs the kernel may ever have, from its list such as `0-3,8`: it sizes every per-CPU value."""
    last = text.strip().split(",")[-1].split("-")[-1]
    return int(last) + 1


@contextmanager
def counted(spec: ProbeSpec, cgroup: Path) -> Iterator[EdgeSource]:
    """Count the edges of a cgroup for the time of the block; raises KernelUnavailable."""
    loaded = load(spec)
    try:
        source = EdgeSource(loaded)
        try:
            source.attach(spec.programs, cgroup)
            yield source
        finally:
            source.detach()
    finally:
        loaded.close()
