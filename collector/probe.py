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
from collector.syscall import (
    BIND4_ATTACH,
    BIND6_ATTACH,
    CGROUP_SKB_PROGRAM,
    CGROUP_SOCK_ADDR_PROGRAM,
    CGROUP_SOCK_PROGRAM,
    EGRESS_ATTACH,
    INGRESS_ATTACH,
    SOCK_CREATE_ATTACH,
    SOCK_OPS_ATTACH,
    SOCK_OPS_PROGRAM,
)
from schemas.errors import KernelUnavailable

_SOURCES: Final = Path(__file__).parent / "bpf"
_TIMEOUT_S: Final = 120.0
_ANSWER_BYTES: Final = 64 * 1024
ADVICE: Final = "install python3-bpfcc and make the environment with --system-site-packages"


@dataclass(frozen=True, slots=True)
class Program:
    """One function of the C text, and where it is attached.

    Attributes:
        name: The function.
        kind: Program type, as in `collector.syscall`.
        attach_type: Where on a cgroup.
    """

    name: str
    kind: int
    attach_type: int


@dataclass(frozen=True, slots=True)
class ProbeSpec:
    """What to load; the same on any machine.

    Attributes:
        sources: File names in bpf/, joined in this order: bcc rewrites map accesses only in the text itself.
        programs: In the order in which they are to be attached.
        maps: Names of the maps whose descriptors are wanted.
        defines: Numbers for the C preprocessor.
    """

    sources: tuple[str, ...]
    programs: tuple[Program, ...]
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


@dataclass(frozen=True, slots=True)
class MapSizes:
    """How much the kernel's maps hold.

    Attributes:
        edges: Distinct edges of one interval, twice 150 bytes each; what does not fit is counted as `map_full`.
        flows: UDP flows that are remembered, 130 bytes each; what is forgotten is counted again when it goes on.
        recent: TCP connections counted while older ones are looked for.
    """

    edges: int = 65_536
    flows: int = 65_536
    recent: int = 65_536


@dataclass(frozen=True, slots=True)
class Node:
    """What the programs must know of the node.

    Attributes:
        host_cookie: The node's own network namespace; 0 if it cannot be told.
        packet_cookie: The kernel tells a packet's namespace (Linux 6.15); else that of sockets made before the start of
            the programs is unknown for UDP.
        alone: Nobody else's sock_ops program is attached, so callbacks that ours asked for may be taken back.
    """

    host_cookie: int = 0
    packet_cookie: bool = False
    alone: bool = False


_SOCKET: Final = Program("netpol_socket", CGROUP_SOCK_PROGRAM, SOCK_CREATE_ATTACH)
_TCP: Final = Program("netpol_tcp", SOCK_OPS_PROGRAM, SOCK_OPS_ATTACH)
_UDP: Final = (
    Program("netpol_bind4", CGROUP_SOCK_ADDR_PROGRAM, BIND4_ATTACH),
    Program("netpol_bind6", CGROUP_SOCK_ADDR_PROGRAM, BIND6_ATTACH),
    Program("netpol_udp_out", CGROUP_SKB_PROGRAM, EGRESS_ATTACH),
    Program("netpol_udp_in", CGROUP_SKB_PROGRAM, INGRESS_ATTACH),
)


def edges_spec(sizes: MapSizes, node: Node, *, udp: bool = True) -> ProbeSpec:
    """The edge counter. Sockets are noted before their packets are looked at."""
    return ProbeSpec(
        sources=("edges.c", "tcp.c", *(("packet.c", "roles.c", "udp.c") if udp else ())),
        programs=(_SOCKET, *(_UDP if udp else ()), _TCP),
        maps=("edges_a", "edges_b", "active", "counters", "state", "recent"),
        defines=(
            ("MAP_ENTRIES", sizes.edges),
            ("FLOW_ENTRIES", sizes.flows),
            ("RECENT_ENTRIES", sizes.recent),
            ("HOST_COOKIE", node.host_cookie),
            *((("SKB_COOKIE", 1),) if node.packet_cookie else ()),
            *((("ALONE", 1),) if node.alone else ()),
        ),
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
    names = [program.name for program in spec.programs]
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
    flags = [f"-D{name}={value:d}ULL" for name, value in spec.defines]
    text = "\n".join((_SOURCES / name).read_text() for name in spec.sources)
    try:
        loaded = BPF(text=text.encode(), cflags=flags)
        programs = {program.name: _loaded(loaded, program) for program in spec.programs}
    except Exception as error:  # bcc raises plain Exception
        raise KernelUnavailable(f"the kernel refuses {' and '.join(spec.sources)} ({error})") from error
    return loaded, LoadedProbe(programs, {name: int(loaded[name.encode()].map_fd) for name in spec.maps})


def _loaded(compiled: Any, program: Program) -> int:
    # The kernel wants the attach type at the load of the types that have one.
    expected = -1 if program.kind == SOCK_OPS_PROGRAM else program.attach_type
    return int(compiled.load_func(program.name.encode(), program.kind, attach_type=expected).fd)


def _spec_of(text: str) -> ProbeSpec:
    plain = json.loads(text)
    programs = tuple(Program(**program) for program in plain["programs"])
    defines = tuple((name, value) for name, value in plain["defines"])
    return ProbeSpec(tuple(plain["sources"]), programs, tuple(plain["maps"]), defines)


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
