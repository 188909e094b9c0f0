"""The collector as a process of its own, looked at from outside."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from advisor.processes import Child
from schemas.errors import Unavailable
from schemas.kafka import KafkaSettings

_COMMAND: Final = Path(sys.executable).with_name("network-policy")
_READY_S: Final = 60.0
_PROCESS_CPU_CLOCK: Final = 2
"""CPUCLOCK_SCHED of a process (clock_getcpuclockid(3)): user and system time, in nanoseconds, not in clock ticks."""


@dataclass(frozen=True, slots=True)
class Options:
    """What differs from one life to the next.

    Attributes:
        interval_s: Between reports.
        map_entries: Distinct edges of one interval; the collector's own default if 0.
    """

    interval_s: float
    map_entries: int = 0


class Agent:
    """A collector that runs."""

    def __init__(self, child: Child) -> None:
        self._child = child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def cpu_ns(self) -> int:
        """User and system time of the process since its start; not of the one that compiled for it."""
        return time.clock_gettime_ns((~self.pid << 3) | _PROCESS_CPU_CLOCK)

    def resident(self, what: str = "VmRSS") -> int:
        """Resident bytes now, or the most (VmHWM): proc_pid_status(5)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith(f"{what}:"))
        return int(line.split()[1]) * 1024

    def end(self) -> None:
        """Have it report and end; raises Unavailable if it did not end well."""
        code = self._child.stop()
        if code:
            raise Unavailable(f"collect ended with code {code}:\n{self._child.tail()}")


@contextmanager
def running(kafka: KafkaSettings, cgroup: Path, options: Options, log: Path) -> Iterator[Agent]:
    """A collector that counts, for the time of the block; raises Unavailable if it does not start."""
    command = [
        str(_COMMAND), "collect", "--brokers", kafka.brokers, "--topic-prefix", kafka.topic_prefix,
        "--cluster", kafka.cluster, "--node", "bench", "--cgroup", str(cgroup), "--interval", str(options.interval_s),
    ]  # fmt: skip
    if options.map_entries:
        command += ["--map-entries", str(options.map_entries)]
    child = Child.start("collect", command, log)
    try:
        child.wait_for("collect ready", _READY_S)
        yield Agent(child)
    finally:
        child.stop()
