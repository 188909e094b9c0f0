"""Run-time statistics of eBPF programs (include/uapi/linux/bpf.h: BPF_ENABLE_STATS, BPF_PROG_GET_FD_BY_ID)."""

import ctypes
import os
import platform
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.collector.figures import ProgramCost
from schemas.errors import KernelUnavailable

_NUMBERS: Final = {"x86_64": 321, "aarch64": 280}
_PROGRAM_BY_ID, _ENABLE_STATS = 13, 32
_KINDS: Final = {8: "cgroup_skb", 9: "cgroup_sock", 13: "sock_ops", 18: "cgroup_sock_addr"}
_libc: Final = ctypes.CDLL(None, use_errno=True)


def _bpf(command: int, argument: int) -> int:
    attributes = struct.pack("=I", argument) + bytes(12)
    result = int(_libc.syscall(_NUMBERS[platform.machine()], command, attributes, len(attributes)))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


@contextmanager
def timed() -> Iterator[None]:
    """The kernel times programs during the block; it stops when the descriptor is closed, however we end."""
    try:
        descriptor = _bpf(_ENABLE_STATS, 0)
    except OSError as error:
        raise KernelUnavailable(
            f"the kernel does not time eBPF programs ({error.strerror}); Linux 5.8, root"
        ) from error
    try:
        yield
    finally:
        os.close(descriptor)


def identities(descriptors: Iterable[str]) -> set[int]:
    """The programs that a process holds itself or by a link.

    Args:
        descriptors: The texts of /proc/PID/fdinfo/*.
    """
    found = (re.search(r"^prog_id:\s*(\d+)$", text, re.MULTILINE) for text in descriptors)
    return {int(match[1]) for match in found if match}


def costs(pid: int) -> tuple[ProgramCost, ...]:
    """What the programs of a process took so far."""
    texts = (path.read_text() for path in Path(f"/proc/{pid}/fdinfo").iterdir())
    return tuple(_cost(identity) for identity in sorted(identities(texts)))


def since(before: Iterable[ProgramCost], after: Iterable[ProgramCost]) -> tuple[ProgramCost, ...]:
    """What they took between two looks."""
    earlier = {cost.identity: cost for cost in before}
    return tuple(
        ProgramCost(
            cost.identity,
            cost.kind,
            cost.runs - (earlier[cost.identity].runs if cost.identity in earlier else 0),
            cost.time_ns - (earlier[cost.identity].time_ns if cost.identity in earlier else 0),
        )
        for cost in after
    )


def _cost(identity: int) -> ProgramCost:
    descriptor = _bpf(_PROGRAM_BY_ID, identity)
    try:
        text = Path(f"/proc/self/fdinfo/{descriptor}").read_text()
    finally:
        os.close(descriptor)
    values = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    kind = int(values["prog_type"])
    return ProgramCost(identity, _KINDS.get(kind, f"type {kind}"), int(values["run_cnt"]), int(values["run_time_ns"]))
