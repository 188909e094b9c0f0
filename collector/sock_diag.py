"""The kernel's list of the TCP sockets of a network namespace, over netlink.

Numbers and structures: include/uapi/linux/{netlink,sock_diag,inet_diag,tcp}.h; sock_diag(7). pyroute2 reads the same
at 85 us a socket, which is 4 s of a core for 50,000; this reads them at 4 us.
"""

import os
import socket
import struct
from collections.abc import Generator, Iterable, Iterator
from typing import Final, NamedTuple

from schemas.codec import BadRecord

ESTABLISHED: Final = 1
FIN_WAIT1: Final = 4
FIN_WAIT2: Final = 5
CLOSE_WAIT: Final = 8
LISTEN: Final = 10
LISTENING: Final = (LISTEN,)
OPEN: Final = (ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT)
"""Connections on which at least one direction is still open (include/net/tcp_states.h)."""

ANY: Final = bytes(16)
"""The address of a socket that is bound to none, of either family."""

FAMILIES: Final = (2, 10)
_IPV4, _IPV6, _TCP = 2, 10, 6
_NETLINK, _SOCK_DIAG, _BY_FAMILY = 16, 4, 20
_REQUEST_DUMP: Final = 0x301
_INTERRUPTED: Final = 0x10
_ERROR, _DONE = 2, 3
_HEADER: Final = struct.Struct("=IHHII")
_REQUEST: Final = struct.Struct("=BBBxI48x")
_ERRNO: Final = struct.Struct("=i")
# inet_diag_msg: family, state, addresses, cookie, and the queue of what is not acknowledged; the ports stand at 4
_SOCKET: Final = struct.Struct("=BB6x16s16s4xQ8xI8x")
_PORTS: Final = struct.Struct(">HH")
_ATTRIBUTE: Final = struct.Struct("=HH")
_INFO, _ONLY_IPV6, _CGROUP = 2, 11, 21
_CGROUP_ID: Final = struct.Struct("=Q")
# tcp_info: unacked; bytes_acked; notsent_bytes; bytes_sent and bytes_retrans, since Linux 4.19
_PROGRESS: Final = struct.Struct("=24xI92xQ16xI52xQQ")
_MAPPED: Final = bytes(10) + b"\xff\xff"
_DATAGRAM_BYTES: Final = 64 * 1024
"""The kernel makes the datagrams of a dump 32 KiB at most (netlink_dump() in net/netlink/af_netlink.c)."""
_RECEIVE_BYTES: Final = 1024 * 1024
_ANSWER_S: Final = 5.0
_ATTEMPTS: Final = 4


class Progress(NamedTuple):
    """What a connection has sent, in bytes; read under the socket's lock.

    Attributes:
        unacked: Segments in flight.
        acked: Acknowledged by the other end; an active opener's SYN counts as one.
        not_sent: Written by the program, and not sent yet.
        sent: Sent, with what was sent again.
        retransmitted: Of these, what was sent again.
    """

    unacked: int
    acked: int
    not_sent: int
    sent: int
    retransmitted: int


class TcpSocket(NamedTuple):
    """A socket, as cheap as one can be made: a scan makes one for each on the node.

    Attributes:
        family: 2 or 10, after v4-mapped addresses have been unwrapped.
        state: One of `OPEN`, or LISTEN.
        local: 16 bytes; IPv4 stands in the first four, the rest is zero, as in `layout.KEY`.
        remote: The same, for the other end; zero for a listener.
        local_port: In host order.
        remote_port: In host order.
        cookie: The kernel's number of the socket, as bpf_get_socket_cookie tells it.
        cgroup_id: The control group in which it was made; 0 if the kernel does not tell (before 5.9).
        queued: Bytes written and not acknowledged; read without the socket's lock.
        progress: None if the kernel does not tell all of it, as for a socket without an owner.
        takes_ipv4: An IPv6 listener on any address that takes IPv4 connections too.
    """

    family: int
    state: int
    local: bytes
    remote: bytes
    local_port: int
    remote_port: int
    cookie: int
    cgroup_id: int
    queued: int
    progress: Progress | None
    takes_ipv4: bool


class Answer(NamedTuple):
    """A part of the kernel's answer.

    Attributes:
        sockets: In it.
        done: It is the last part.
        interrupted: The list changed while the kernel wrote it down.
    """

    sockets: list[TcpSocket]
    done: bool
    interrupted: bool


class InterruptedDumpError(OSError):
    """The list changed while the kernel wrote it down, each time that it was asked."""


def diag_socket() -> socket.socket:
    """A netlink socket, for ever of the network namespace in which the calling thread is now; raises OSError."""
    opened = socket.socket(_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG)
    opened.settimeout(_ANSWER_S)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
    return opened


def tcp_sockets(asked: socket.socket, states: Iterable[int], family: int) -> Iterator[TcpSocket]:
    """The TCP sockets in one of the states; one may come more than once, and is told by its cookie.

    Args:
        asked: As `diag_socket` opened it; of no more use after an error.
        states: `LISTENING`, or `OPEN`.
        family: One of `FAMILIES`: of the socket, before v4-mapped addresses are unwrapped.

    Raises:
        OSError: The kernel refuses, does not answer in time, or cannot give a whole list (`InterruptedDumpError`).
        BadRecord: The answer cannot be read.
    """
    request = _REQUEST.pack(family, _TCP, 1 << (_INFO - 1), sum(1 << state for state in states))
    for attempt in range(_ATTEMPTS):
        if (yield from _dump(asked, request, attempt)):
            return
    raise InterruptedDumpError(f"the kernel's list of sockets changed {_ATTEMPTS} times while it was read")


def _dump(asked: socket.socket, request: bytes, sequence: int) -> Generator[TcpSocket, None, bool]:
    """One list, and whether it is whole."""
    asked.send(_HEADER.pack(_HEADER.size + len(request), _BY_FAMILY, _REQUEST_DUMP, sequence, 0) + request)
    whole, done = True, False
    while not done:
        answer = read(_datagram(asked), sequence)
        yield from answer.sockets
        whole, done = whole and not answer.interrupted, answer.done
    return whole


def _datagram(asked: socket.socket) -> bytes:
    data, _, flags, _ = asked.recvmsg(_DATAGRAM_BYTES)
    if flags & socket.MSG_TRUNC:
        raise BadRecord("a datagram of sock_diag was longer than the kernel makes them")
    return data


def read(data: bytes, sequence: int) -> Answer:
    """What a datagram says.

    Args:
        data: One datagram of the kernel's answer.
        sequence: Of the question; messages that answer another are passed over.

    Raises:
        OSError: The kernel's own, as the answer has it.
        BadRecord: It is no such datagram.
    """
    done = interrupted = False
    sockets = []
    for kind, flags, start, end in _messages(data, sequence):
        interrupted = interrupted or bool(flags & _INTERRUPTED)
        if kind == _BY_FAMILY:
            sockets.append(_socket(data, start, end))
        elif kind in (_DONE, _ERROR):
            _raise_if_error(data, start, end)
            done = True
    return Answer(sockets, done, interrupted)


def _messages(data: bytes, wanted: int) -> Iterator[tuple[int, int, int, int]]:
    """Kind, flags, and where the body begins and ends."""
    at, size = 0, len(data)
    while at < size:
        if at + 16 > size:
            raise BadRecord(f"{size - at} bytes are no message of netlink")
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, at)
        if length < 16 or at + length > size:  # noqa: PLR2004  the header's own size
            raise BadRecord(f"a message of netlink says that it has {length} bytes, of {size - at}")
        if sequence == wanted:
            yield kind, flags, at + 16, at + length
        at += length + 3 & ~3


def _raise_if_error(data: bytes, start: int, end: int) -> None:
    if end - start < _ERRNO.size:
        raise BadRecord("an error of netlink without its number")
    (code,) = _ERRNO.unpack_from(data, start)
    if code < 0:
        raise OSError(-code, os.strerror(-code))


def _socket(data: bytes, start: int, end: int) -> TcpSocket:
    if end - start < _SOCKET.size:
        raise BadRecord(f"a socket of {end - start} bytes")
    family, state, local, remote, cookie, queued = _SOCKET.unpack_from(data, start)
    local_port, remote_port = _PORTS.unpack_from(data, start + 4)
    if family not in (_IPV4, _IPV6):
        raise BadRecord(f"a TCP socket of the address family {family}")
    only_ipv6, cgroup, progress = _attributes(data, start + _SOCKET.size, end)
    takes_ipv4 = family == _IPV6 and not only_ipv6 and local == ANY
    if family == _IPV6 and (local[:12] == _MAPPED or remote[:12] == _MAPPED):
        family, local, remote = _IPV4, _unwrapped(local), _unwrapped(remote)
    return TcpSocket(
        family, state, local, remote, local_port, remote_port, cookie, cgroup, queued, progress, takes_ipv4
    )


def _unwrapped(address: bytes) -> bytes:
    return address[12:] + bytes(12)


def _attributes(data: bytes, at: int, end: int) -> tuple[bool, int, Progress | None]:
    """Whether it takes IPv6 only, its control group, and what it has sent."""
    only_ipv6, cgroup, progress = False, 0, None
    while at + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        stop = at + length
        if length < 4 or stop > end:  # noqa: PLR2004  the header's own size
            raise BadRecord(f"an attribute of a socket says that it has {length} bytes, of {end - at}")
        if kind == _INFO and length >= 4 + _PROGRESS.size:
            progress = Progress(*_PROGRESS.unpack_from(data, at + 4))
        elif kind == _CGROUP and length >= 4 + _CGROUP_ID.size:
            (cgroup,) = _CGROUP_ID.unpack_from(data, at + 4)
        elif kind == _ONLY_IPV6 and length > 4:  # noqa: PLR2004  there is a value
            only_ipv6 = data[at + 4] != 0
        at = stop + 3 & ~3
    return only_ipv6, cgroup, progress
