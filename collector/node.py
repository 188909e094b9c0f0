"""What the eBPF programs must know of the node that they run on."""

import errno
import os
import struct
from pathlib import Path
from typing import Final

from collector.netns import node_namespace
from collector.probe import Node
from collector.syscall import CGROUP_SKB_PROGRAM, SOCK_OPS_ATTACH, program_ids, program_load

# r1 holds the packet; call bpf_get_netns_cookie (122); r0 = 1; exit
_COOKIE_OF_PACKET: Final = (
    struct.pack("=BBhi", 0x85, 0, 0, 122) + struct.pack("=BBhi", 0xB7, 0, 0, 1) + b"\x95" + bytes(7)
)


def node_facts(cgroup: Path) -> Node:
    """The node's own network namespace, what its kernel can tell, and whether others watch the same sockets.

    Args:
        cgroup: Where the programs will be attached.
    """
    return Node(node_namespace().cookie, _tells_cookies_of_packets(), alone=not _watched_by_others(cgroup))


def _watched_by_others(cgroup: Path) -> bool:
    """Whether sock_ops programs run for the group's sockets; those of groups below it are not looked for."""
    descriptor = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return bool(program_ids(descriptor, SOCK_OPS_ATTACH, effective=True))
    finally:
        os.close(descriptor)


def _tells_cookies_of_packets() -> bool:
    try:
        os.close(program_load(CGROUP_SKB_PROGRAM, _COOKIE_OF_PACKET))
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.EACCES, errno.EPERM):
            return False
        raise
    return True
