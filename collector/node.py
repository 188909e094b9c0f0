"""What the eBPF programs must know of the node that they run on."""

import errno
import os
import struct
from typing import Final

from collector.netns import node_namespace
from collector.probe import Node
from collector.syscall import CGROUP_SKB_PROGRAM, program_load

# r1 holds the packet; call bpf_get_netns_cookie (122); r0 = 1; exit
_COOKIE_OF_PACKET: Final = (
    struct.pack("=BBhi", 0x85, 0, 0, 122) + struct.pack("=BBhi", 0xB7, 0, 0, 1) + b"\x95" + bytes(7)
)


def node_facts() -> Node:
    """The node's own network namespace, and what its kernel can tell."""
    return Node(node_namespace().cookie, _tells_cookies_of_packets())


def _tells_cookies_of_packets() -> bool:
    try:
        os.close(program_load(CGROUP_SKB_PROGRAM, _COOKIE_OF_PACKET))
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.EACCES, errno.EPERM):
            return False
        raise
    return True
