"""The bpf system call itself, for what bcc 0.26 does not offer: links that end with their owner, exact drains, trials.

Numbers and structures: `union bpf_attr` in include/uapi/linux/bpf.h. Every function raises OSError as the kernel says.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator
from typing import Final

CGROUP_SKB_PROGRAM: Final = 8
"""BPF_PROG_TYPE_CGROUP_SKB."""
CGROUP_SOCK_PROGRAM: Final = 9
"""BPF_PROG_TYPE_CGROUP_SOCK."""
SOCK_OPS_PROGRAM: Final = 13
"""BPF_PROG_TYPE_SOCK_OPS."""
CGROUP_SOCK_ADDR_PROGRAM: Final = 18
"""BPF_PROG_TYPE_CGROUP_SOCK_ADDR."""
INGRESS_ATTACH: Final = 0
"""BPF_CGROUP_INET_INGRESS."""
EGRESS_ATTACH: Final = 1
"""BPF_CGROUP_INET_EGRESS."""
SOCK_CREATE_ATTACH: Final = 2
"""BPF_CGROUP_INET_SOCK_CREATE."""
SOCK_OPS_ATTACH: Final = 3
"""BPF_CGROUP_SOCK_OPS."""
BIND4_ATTACH: Final = 8
"""BPF_CGROUP_INET4_BIND."""
BIND6_ATTACH: Final = 9
"""BPF_CGROUP_INET6_BIND."""
ALLOW_MULTI: Final = 2
"""BPF_F_ALLOW_MULTI: beside other programs."""
NAME_BYTES: Final = 16
"""BPF_OBJ_NAME_LEN: a name has one byte less, for the zero at its end."""

_NUMBERS: Final = {"x86_64": 321, "aarch64": 280}
_MAP_CREATE, _MAP_LOOKUP, _MAP_UPDATE, _PROGRAM_LOAD, _PROGRAM_ATTACH, _PROGRAM_DETACH = 0, 1, 2, 5, 8, 9
_PROGRAM_BY_ID, _INFO, _PROGRAM_QUERY, _BTF_LOAD = 13, 15, 16, 18
_MAP_LOOKUP_AND_DELETE_BATCH, _LINK_CREATE, _LINK_BY_ID, _LINK_NEXT = 25, 28, 30, 31
_PROGRAM_INFO_BYTES, _NAME_AT, _LINK_INFO_BYTES = 80, 64, 16
_QUERY_MAXIMUM: Final = 64
_CHUNK: Final = 4096
_libc: Final = ctypes.CDLL(None, use_errno=True)


def _address(buffer: ctypes.Array[ctypes.c_char]) -> int:
    return ctypes.addressof(buffer)


def _bpf(command: int, attributes: ctypes.Array[ctypes.c_char]) -> int:
    try:
        number = _NUMBERS[platform.machine()]
    except KeyError:
        raise OSError(errno.ENOSYS, f"no bpf system call number for {platform.machine()}") from None
    result = int(_libc.syscall(number, command, attributes, len(attributes)))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _buffer(data: bytes) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(data, len(data))


def link_create(program: int, target: int, attach_type: int) -> int:
    """Attach a program to a cgroup; the attachment lives as long as the descriptor returned. Linux 5.7."""
    return _bpf(_LINK_CREATE, _buffer(struct.pack("=IIII", program, target, attach_type, 0)))


def program_load(program_type: int, instructions: bytes, attach_type: int = 0, name: bytes = b"") -> int:
    """Load a program of raw instructions; its descriptor."""
    code, licence = _buffer(instructions), _buffer(b"GPL\0")
    attributes = struct.pack(
        "=IIQQIIQII15sxII",
        *(program_type, len(instructions) // 8, _address(code), _address(licence)),
        *(0, 0, 0, 0, 0),  # no log, no version, no flags
        *(name, 0, attach_type),
    )
    return _bpf(_PROGRAM_LOAD, _buffer(attributes))


def program_attach(program: int, cgroup: int, attach_type: int) -> None:
    """Attach a program beside others; it stays until detached, whatever becomes of its owner."""
    _bpf(_PROGRAM_ATTACH, _buffer(struct.pack("=IIII", cgroup, program, attach_type, ALLOW_MULTI)))


def program_detach(program: int, cgroup: int, attach_type: int) -> None:
    """Take off a program that was attached without a link."""
    _bpf(_PROGRAM_DETACH, _buffer(struct.pack("=IIII", cgroup, program, attach_type, 0)))


def program_by_id(number: int) -> int:
    """A descriptor of any program. CAP_SYS_ADMIN."""
    return _bpf(_PROGRAM_BY_ID, _buffer(struct.pack("=III", number, 0, 0)))


def program_identity(program: int) -> tuple[int, bytes]:
    """A program's type and its name, which the kernel cuts after 15 bytes."""
    info = _info(program, _PROGRAM_INFO_BYTES)
    return struct.unpack_from("=I", info)[0], info[_NAME_AT : _NAME_AT + NAME_BYTES].rstrip(b"\0")


def linked_programs() -> frozenset[int]:
    """The ids of all programs that a link holds, on the whole machine. CAP_SYS_ADMIN."""
    return frozenset(_program_of_link(number) for number in _link_ids())


def _link_ids() -> Iterator[int]:
    number = 0
    while True:
        attributes = _buffer(struct.pack("=III", number, 0, 0))
        try:
            _bpf(_LINK_NEXT, attributes)
        except OSError as error:
            if error.errno != errno.ENOENT:  # ENOENT: that was the last
                raise
            return
        (number,) = struct.unpack_from("=I", attributes, 4)
        yield number


def _program_of_link(number: int) -> int:
    try:
        link = _bpf(_LINK_BY_ID, _buffer(struct.pack("=III", number, 0, 0)))
    except OSError as error:
        if error.errno != errno.ENOENT:  # ENOENT: it has ended meanwhile
            raise
        return 0
    try:
        return int(struct.unpack_from("=I", _info(link, _LINK_INFO_BYTES), 8)[0])
    finally:
        os.close(link)


def _info(descriptor: int, size: int) -> bytes:
    info = ctypes.create_string_buffer(size)
    _bpf(_INFO, _buffer(struct.pack("=IIQ", descriptor, size, _address(info))))
    return info.raw


def program_ids(cgroup: int, attach_type: int, *, effective: bool = False) -> tuple[int, ...]:
    """The ids of the programs attached to a cgroup itself, or of all that run for its sockets."""
    ids = (ctypes.c_uint32 * _QUERY_MAXIMUM)()
    attributes = _buffer(
        struct.pack("=IIIIQI", cgroup, attach_type, int(effective), 0, ctypes.addressof(ids), _QUERY_MAXIMUM) + bytes(4)
    )
    _bpf(_PROGRAM_QUERY, attributes)
    (count,) = struct.unpack_from("=I", attributes, 24)
    return tuple(ids[:count])


def btf_load(types: bytes) -> int:
    """Load a description of types (BTF); its descriptor."""
    stored = _buffer(types)
    return _bpf(_BTF_LOAD, _buffer(struct.pack("=QQIIII", _address(stored), 0, len(types), 0, 0, 0)))


def socket_storage_create(btf: int, integer: int) -> int:
    """A map that keeps four bytes with each socket (BPF_MAP_TYPE_SK_STORAGE). Linux 5.2.

    Args:
        btf: Descriptor of types that describe key and value.
        integer: Which of them is the integer of four bytes.
    """
    no_preallocation = 1
    attributes = struct.pack(
        "=IIIIIII16sIIII", 24, 4, 4, 0, no_preallocation, 0, 0, b"netpol_trial", 0, btf, integer, integer
    )
    return _bpf(_MAP_CREATE, _buffer(attributes))


def map_set(descriptor: int, key: bytes, value: bytes) -> None:
    """Set one value. For a map of maps the call returns when no program uses the old inner map any more."""
    stored_key, stored = _buffer(key), _buffer(value)
    _bpf(_MAP_UPDATE, _buffer(struct.pack("=IIQQQ", descriptor, 0, _address(stored_key), _address(stored), 0)))


def map_get(descriptor: int, key: bytes, size: int) -> bytes:
    """One value of `size` bytes (per-CPU maps: eight bytes for each possible CPU)."""
    stored_key, value = _buffer(key), ctypes.create_string_buffer(size)
    _bpf(_MAP_LOOKUP, _buffer(struct.pack("=IIQQQ", descriptor, 0, _address(stored_key), _address(value), 0)))
    return value.raw


def map_take(descriptor: int, key_size: int, value_size: int) -> Iterator[tuple[bytes, bytes]]:
    """Take every row out of a hash map that nothing writes to meanwhile. Linux 5.6."""
    keys, values = (ctypes.create_string_buffer(size * _CHUNK) for size in (key_size, value_size))
    cursor, position, more = ctypes.create_string_buffer(8), 0, True
    while more:
        attributes = _buffer(
            struct.pack(
                "=QQQQIIQQ", position, _address(cursor), _address(keys), _address(values), _CHUNK, descriptor, 0, 0
            )
        )
        more = _take_chunk(attributes)
        (count,) = struct.unpack_from("=I", attributes, 32)
        yield from zip(
            _pieces(ctypes.string_at(keys, count * key_size), key_size),
            _pieces(ctypes.string_at(values, count * value_size), value_size),
            strict=True,
        )
        position = _address(cursor)


def _take_chunk(attributes: ctypes.Array[ctypes.c_char]) -> bool:
    try:
        _bpf(_MAP_LOOKUP_AND_DELETE_BATCH, attributes)
    except OSError as error:
        if error.errno != errno.ENOENT:  # ENOENT is the end of the map; the last rows have been given with it
            raise
        return False
    return True


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))
