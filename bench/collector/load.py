"""Compiles the generator of connections, runs it, and reads what it made."""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from advisor.kafka_server.artifacts import cache_root
from advisor.processes import Child
from schemas.errors import Unavailable

Protocol: TypeAlias = Literal["TCP", "UDP"]
Latency: TypeAlias = tuple[tuple[int, int], ...]
"""Nanoseconds (the middle of a bucket) and how many took so long, ascending."""

_SOURCES: Final = Path(__file__).with_name("generator")
_FLAGS: Final = ("-O2", "-Wall", "-Wextra", "-pthread")
_GRACE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be made.

    Attributes:
        protocol: TCP connections, or UDP requests that are answered.
        rate: A second, as an open loop; 0 is as many as the machine can.
        edges: Distinct ones; each is seen at both of its ends, so as two rows.
        seconds: How long it is measured.
        in_turn: Each edge in its turn; else by chance once all have been seen.
        warmup_s: Made before, not measured, but counted as made.
        part: 0 or 1; two parts of one load share no port of a client.
    """

    protocol: Protocol
    rate: float
    edges: int
    seconds: float
    in_turn: bool = False
    warmup_s: float = 0.3
    part: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """What was made.

    Attributes:
        connected: By the clients: connections established, or requests sent.
        accepted: By the servers.
        failed: Attempts that came to nothing.
        measured: Made while it was measured.
        measured_s: How long that was.
        cpu_s: Processor time of the generator meanwhile, both ends and the kernel's work for them.
        latency: Of those measured: connect(2), or request to reply.
    """

    connected: int
    accepted: int
    failed: int
    measured: int
    measured_s: float
    cpu_s: float
    latency: Latency

    @property
    def rate(self) -> float:
        """Made a second."""
        return self.measured / self.measured_s

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor time for each."""
        return self.cpu_s / self.measured * 1e6


@dataclass(frozen=True, slots=True)
class Place:
    """Where connections are made.

    Attributes:
        client: The clients' network namespace, a file.
        server: The servers'.
        cgroup: The generator's cgroup, a directory.
    """

    client: Path
    server: Path
    cgroup: Path


def compiled() -> Path:
    """The generator, compiled if its source has changed; raises Unavailable if there is no C compiler."""
    sources = sorted(_SOURCES.glob("*.[ch]"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    program = cache_root() / "bench" / f"generator-{digest}"
    if program.is_file():
        return program
    if shutil.which("gcc") is None:
        raise Unavailable("the generator of connections is a C program: apt-get install gcc libc6-dev")
    program.parent.mkdir(parents=True, exist_ok=True)
    unfinished = program.with_suffix(f".{os.getpid()}")
    done = subprocess.run(
        ["gcc", *_FLAGS, "-o", str(unfinished), *(str(path) for path in sources if path.suffix == ".c")],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"gcc does not compile the generator (apt-get install gcc libc6-dev?):\n{done.stderr[-800:]}")
    unfinished.rename(program)
    return program


def make(program: Path, place: Place, load: Load, log: Path) -> Made:
    """Make the load, to its end; raises Unavailable with the generator's words if it fails."""
    child = Child.start("generator", [str(program), *_arguments(place, load)], log)
    try:
        code = child.wait(load.warmup_s + load.seconds + _GRACE_S)
    finally:
        child.stop()
    if code:
        raise Unavailable(f"the generator of connections ended with code {code}:\n{child.tail()}")
    return made_of(child.tail(1))


def _arguments(place: Place, load: Load) -> tuple[str, ...]:
    return (
        f"client={place.client}",
        f"server={place.server}",
        f"cgroup={place.cgroup}",
        f"protocol={load.protocol.lower()}",
        f"workers={len(os.sched_getaffinity(0))}",
        f"seconds={load.seconds}",
        f"warmup={load.warmup_s}",
        f"rate={load.rate}",
        f"edges={load.edges}",
        f"cycle={load.in_turn:d}",
        f"part={load.part}",
    )


def made_of(line: str) -> Made:
    """The generator's answer; raises Unavailable if it could not make what it should."""
    plain = json.loads(line)
    if plain["failed"]:
        raise Unavailable(
            f"{plain['failed']} connections could not be made ({plain['error']}): the figures say nothing"
        )
    return Made(
        connected=plain["connected"],
        accepted=plain["accepted"],
        failed=plain["failed"],
        measured=plain["measured"],
        measured_s=plain["measured_s"],
        cpu_s=plain["cpu_s"],
        latency=tuple((value, count) for value, count in plain["latency"]),
    )
