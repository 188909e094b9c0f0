"""Small programs of raw instructions that find out what the kernel has and permits; none of them is ever attached.

Instructions: include/uapi/linux/bpf.h. Every function raises OSError as the kernel says.
"""

import errno
import os
import socket
import struct
from contextlib import ExitStack
from typing import Final

from collector import syscall

_NO_DESCRIPTOR: Final = 0xFFFFFFFF
_CURRENT_CGROUP_ID, _SK_FULLSOCK, _SK_STORAGE_GET, _NETNS_COOKIE = 80, 95, 107, 122
_SKB_SOCKET, _ADDRESS_SOCKET = 168, 64  # where `sk` stands in struct __sk_buff and struct bpf_sock_addr
_NETLINK_SOCK_DIAG, _BY_FAMILY, _DUMP_REQUEST = 4, 20, 0x301


def _instruction(code: int, target: int = 0, source: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack("=BBhi", code, source << 4 | target, offset, value)


def _call(helper: int) -> bytes:
    return _instruction(0x85, value=helper)


def _copy(target: int, source: int) -> bytes:
    return _instruction(0xBF, target, source)


_PASS: Final = _instruction(0xB7, value=1) + _instruction(0x95)


def _pass_if_null(register: int) -> bytes:
    return _instruction(0x55, register, offset=2) + _PASS


def _member(offset: int) -> bytes:
    return _instruction(0x79, 1, 1, offset)


def _note_of(storage: int) -> bytes:
    """What the storage map keeps with the socket in register 1."""
    the_map = _instruction(0x18, 1, 1, value=storage) + bytes(8)
    return _copy(2, 1) + the_map + _instruction(0xB7, 3) + _instruction(0xB7, 4, value=1) + _call(_SK_STORAGE_GET)


def namespace_cookie() -> None:
    """A TCP program may ask for its network namespace. Linux 5.15."""
    os.close(syscall.program_load(syscall.SOCK_OPS_PROGRAM, _call(_NETNS_COOKIE) + _PASS))


def links() -> None:
    """TCP programs may be attached by a link. Linux 5.7."""
    _may_attach(syscall.SOCK_OPS_PROGRAM, syscall.SOCK_OPS_ATTACH, _PASS)


def socket_notes() -> None:
    """New sockets may be noted, with the cgroup that made them. Linux 5.8."""
    with ExitStack() as open_ones:
        asked = _copy(6, 1) + _call(_NETNS_COOKIE) + _call(_CURRENT_CGROUP_ID) + _copy(1, 6)
        noted = asked + _note_of(_storage(open_ones)) + _PASS
        _may_attach(syscall.CGROUP_SOCK_PROGRAM, syscall.SOCK_CREATE_ATTACH, noted)


def packets() -> None:
    """UDP packets, the sockets they belong to, and what those are bound to, may be looked at. Linux 5.8."""
    with ExitStack() as open_ones:
        note = _note_of(_storage(open_ones))
        of_packet = _member(_SKB_SOCKET) + _pass_if_null(1) + _call(_SK_FULLSOCK) + _pass_if_null(0) + _copy(1, 0)
        of_address = _member(_ADDRESS_SOCKET) + _pass_if_null(1)
        for hook in (syscall.INGRESS_ATTACH, syscall.EGRESS_ATTACH):
            _may_attach(syscall.CGROUP_SKB_PROGRAM, hook, of_packet + note + _PASS)
        for hook in (syscall.BIND4_ATTACH, syscall.BIND6_ATTACH):
            _may_attach(syscall.CGROUP_SOCK_ADDR_PROGRAM, hook, of_address + note + _PASS)


def _may_attach(program_type: int, attach_type: int, instructions: bytes) -> None:
    program = syscall.program_load(program_type, instructions, attach_type)
    try:
        os.close(syscall.link_create(program, _NO_DESCRIPTOR, attach_type))
    except OSError as error:
        if error.errno != errno.EBADF:  # it would attach, if only there were a cgroup
            raise
    finally:
        os.close(program)


def _storage(open_ones: ExitStack) -> int:
    types = syscall.btf_load(_integer())
    open_ones.callback(os.close, types)
    storage = syscall.socket_storage_create(types, integer=1)
    open_ones.callback(os.close, storage)
    return storage


def _integer() -> bytes:
    """BTF of one signed integer of four bytes (Documentation/bpf/btf.rst)."""
    names = b"\0int\0"
    kind, signed = 1, 1
    integer = struct.pack("=IIII", 1, kind << 24, 4, signed << 24 | 32)
    sections = struct.pack("=IIII", 0, len(integer), len(integer), len(names))
    return struct.pack("=HBBI", 0xEB9F, 1, 0, 24) + sections + integer + names


def all_socket_lists() -> None:
    """The kernel lists the sockets of TCP and of UDP."""
    for protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
        socket_lists(protocol)


def socket_lists(protocol: int) -> None:
    """The kernel lists the sockets of a protocol (sock_diag(7))."""
    inet_diag = struct.pack("=BBBxI48x", socket.AF_INET, protocol, 0, 0)  # in no state: an empty list
    header = struct.pack("=IHHII", 16 + len(inet_diag), _BY_FAMILY, _DUMP_REQUEST, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as asking:
        asking.send(header + inet_diag)
        answer = asking.recv(4096)
    (error,) = struct.unpack_from("=i", answer, 16)  # of NLMSG_ERROR and of NLMSG_DONE alike
    if error < 0:
        raise OSError(-error, os.strerror(-error))
