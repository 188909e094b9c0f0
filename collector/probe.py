"""Compiles and loads the eBPF programs; the only module that knows bcc.

bcc runs in a process of its own that ends when it has handed over the descriptors: its compiler holds about 145 MiB.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from collector import headers
from collector.syscall import SOCK_OPS_PROGRAM
from schemas.errors import KernelUnavailable

_SOURCES: Final = Path(__file__).parent / "bpf"
_TIMEOUT_S: Final = 120.0
_ANSWER_BYTES: Final = 64 * 1024
ADVICE: Final = "install python3-bpfcc and make the environment with --system-site-packages"


@dataclass(frozen=True, slots=True)
class ProbeSpec:
    """What to load; the same on any machine.

    Attributes:
        source: File name in bpf/.
        programs: Function name to program type.
        maps: Names of the maps whose descriptors are wanted.
        defines: Numbers for the C preprocessor.
    """

    source: str
    programs: tuple[tuple[str, int], ...]
    maps: tuple[str, ...]
    defines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedProbe:
    """Descriptors of what the kernel holds; it is gone when they are closed.

    Attributes:
        programs: By function name.
        maps: By map name.
    """

    programs: Mapping[str, int]
    maps: Mapping[str, int]

    def close(self) -> None:
        """Let go of everything."""
        for descriptor in (*self.programs.values(), *self.maps.values()):
            os.close(descriptor)


def edges_spec(map_entries: int) -> ProbeSpec:
    """The TCP edge counter, with room for so many edges in each interval."""
    return ProbeSpec(
        source="edges.c",
        programs=(("tcp_edges", SOCK_OPS_PROGRAM),),
        maps=("edges_a", "edges_b", "active", "counters"),
        defines=(("MAP_ENTRIES", map_entries),),
    )


def load(spec: ProbeSpec) -> LoadedProbe:
    """Compile and load in a process that ends; raises KernelUnavailable with what is missing."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, headers.prepared() as environment:
        child = subprocess.run(
            [sys.executable, "-m", "collector.probe", str(theirs.fileno()), json.dumps(asdict(spec))],
            pass_fds=[theirs.fileno()],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        theirs.close()
        answer, descriptors, _, _ = socket.recv_fds(ours, _ANSWER_BYTES, len(spec.programs) + len(spec.maps))
    if child.returncode or not descriptors:
        raise KernelUnavailable(_failure(answer.decode(), child.stderr.decode(errors="replace")))
    names = [name for name, _ in spec.programs]
    return LoadedProbe(
        dict(zip(names, descriptors, strict=False)),
        dict(zip(spec.maps, descriptors[len(names) :], strict=True)),
    )


def _failure(answer: str, stderr: str) -> str:
    reason = answer or "the process that compiles the eBPF program died"
    last_words = " / ".join(stderr.strip().splitlines()[-3:])
    return f"{reason}. Run `network-policy doctor`." + (f" The compiler said: {last_words}" if last_words else "")


def compile_here(spec: ProbeSpec) -> tuple[Any, LoadedProbe]:
    """Compile and load in this process: bcc's object, which owns the descriptors, and those.

    Raises:
        KernelUnavailable: bcc is missing, or the kernel refuses.
    """
    try:
        from bcc import BPF  # noqa: PLC0415  the rest of the collector works without bcc
    except ImportError as error:
        raise KernelUnavailable(f"bcc is not importable ({error}): {ADVICE}") from error
    flags = [f"-D{name}={value:d}" for name, value in spec.defines]
    try:
        loaded = BPF(src_file=bytes(_SOURCES / spec.source), cflags=flags)
        programs = {name: int(loaded.load_func(name.encode(), kind).fd) for name, kind in spec.programs}
    except Exception as error:  # bcc raises plain Exception
        raise KernelUnavailable(f"the kernel refuses {spec.source} ({error})") from error
    return loaded, LoadedProbe(programs, {name: int(loaded[name.encode()].map_fd) for name in spec.maps})


def _spec_of(text: str) -> ProbeSpec:
    plain = json.loads(text)
    pairs = {name: tuple((key, value) for key, value in plain[name]) for name in ("programs", "defines")}
    return ProbeSpec(plain["source"], pairs["programs"], tuple(plain["maps"]), pairs["defines"])


def _main(descriptor: int, text: str) -> int:
    with socket.socket(fileno=descriptor) as answer:
        try:
            _owner, loaded = compile_here(_spec_of(text))
        except KernelUnavailable as error:
            answer.send(str(error).encode())
            return error.exit_code
        socket.send_fds(answer, [b"loaded"], [*loaded.programs.values(), *loaded.maps.values()])
    return 0


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1]), sys.argv[2]))
