"""The bpf system call itself, for what bcc 0.26 does not offer: links that end with their owner, and exact drains.

Numbers and structures: `union bpf_attr` in include/uapi/linux/bpf.h. Every function raises OSError as the kernel says.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator
from typing import Final

SOCK_OPS_PROGRAM: Final = 13
"""BPF_PROG_TYPE_SOCK_OPS."""
SOCK_OPS_ATTACH: Final = 3
"""BPF_CGROUP_SOCK_OPS."""

_NUMBERS: Final = {"x86_64": 321, "aarch64": 280}
_MAP_LOOKUP, _MAP_UPDATE, _PROGRAM_LOAD, _PROGRAM_QUERY = 1, 2, 5, 16
_MAP_LOOKUP_AND_DELETE_BATCH, _LINK_CREATE = 25, 28
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


def program_load(program_type: int, instructions: bytes) -> int:
    """Load a program of raw instructions; its descriptor."""
    code, licence, log = _buffer(instructions), _buffer(b"GPL\0"), 0
    attributes = struct.pack(
        "=IIQQIIQII", program_type, len(instructions) // 8, _address(code), _address(licence), 0, 0, log, 0, 0
    )
    return _bpf(_PROGRAM_LOAD, _buffer(attributes))


def program_ids(cgroup: int, attach_type: int) -> tuple[int, ...]:
    """The ids of the programs attached to a cgroup itself."""
    ids = (ctypes.c_uint32 * _QUERY_MAXIMUM)()
    attributes = _buffer(
        struct.pack("=IIIIQI", cgroup, attach_type, 0, 0, ctypes.addressof(ids), _QUERY_MAXIMUM) + bytes(4)
    )
    _bpf(_PROGRAM_QUERY, attributes)
    (count,) = struct.unpack_from("=I", attributes, 24)
    return tuple(ids[:count])


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
