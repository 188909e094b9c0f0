"""What the kernel says of its sockets is read exactly; what is no such answer is an error, never a crash."""

import errno
import socket
import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.sock_diag import (
    ANY,
    ESTABLISHED,
    FAMILIES,
    LISTEN,
    OPEN,
    InterruptedDumpError,
    Progress,
    TcpSocket,
    read,
    tcp_sockets,
)
from schemas.codec import BadRecord

SOCKET, ERROR, DONE = 20, 2, 3
INTERRUPTED = 0x10
SEQUENCE = 7
CLIENT, SERVER = "10.201.0.1", "10.201.0.2"


def raw(address):
    return ip_address(address).packed.ljust(16, b"\0")


def message(kind, body, flags=0, sequence=SEQUENCE):
    size = 16 + len(body)
    return (struct.pack("=IHHII", size, kind, flags, sequence, 0) + body).ljust(-(-size // 4) * 4, b"\0")


def attribute(kind, value):
    size = 4 + len(value)
    return (struct.pack("=HH", size, kind) + value).ljust(-(-size // 4) * 4, b"\0")


def tcp_info(size=240, **fields):
    """Struct tcp_info: each field by its offset in include/uapi/linux/tcp.h."""
    offsets = {"unacked": (24, "=I"), "acked": (120, "=Q"), "not_sent": (144, "=I")}
    offsets |= {"sent": (200, "=Q"), "retransmitted": (208, "=Q")}
    info = bytearray(240)
    for name, value in fields.items():
        offset, form = offsets[name]
        struct.pack_into(form, info, offset, value)
    return attribute(2, bytes(info[:size]))


def diag(*attributes, family=2, local=CLIENT, remote=SERVER, state=ESTABLISHED):
    """Struct inet_diag_msg and what follows it."""
    body = struct.pack("=BBBB", family, state, 0, 0) + struct.pack(">HH", 40000, 443) + raw(local) + raw(remote)
    body += struct.pack("=III", 0, 0x89ABCDEF, 0x01234567)
    return body + struct.pack("=IIIII", 0, 5, 9, 0, 77) + b"".join(attributes)


def one(body):
    (found,) = read(message(SOCKET, body), SEQUENCE).sockets
    return found


def test_a_connection_is_read_whole():
    """Addresses stand as in an edge's key, ports in host order, the cookie is one number."""
    info = tcp_info(unacked=1, acked=11, not_sent=2, sent=30, retransmitted=4)
    assert one(diag(attribute(8, b"\0"), attribute(21, struct.pack("=Q", 4711)), info)) == TcpSocket(
        family=2,
        state=ESTABLISHED,
        local=raw(CLIENT),
        remote=raw(SERVER),
        local_port=40000,
        remote_port=443,
        cookie=0x0123456789ABCDEF,
        cgroup_id=4711,
        queued=9,
        progress=Progress(unacked=1, acked=11, not_sent=2, sent=30, retransmitted=4),
        takes_ipv4=False,
    )


def test_mapped_addresses_are_unwrapped():
    """Java's and Go's IPv4 connections are on IPv6 sockets."""
    found = one(diag(family=10, local=f"::ffff:{CLIENT}", remote=f"::ffff:{SERVER}"))
    assert (found.family, found.local, found.remote) == (2, raw(CLIENT), raw(SERVER))


@pytest.mark.parametrize(("only_ipv6", "takes"), [(b"\0", True), (b"\1", False)])
def test_a_listener_on_any_ipv6_address_takes_ipv4_unless_told_not_to(only_ipv6, takes):
    """The option IPV6_V6ONLY decides."""
    found = one(diag(attribute(11, only_ipv6), family=10, local="::", remote="::", state=LISTEN))
    assert (found.family, found.local, found.takes_ipv4) == (10, ANY, takes)


@pytest.mark.parametrize("size", [0, 104, 192, 215])
def test_an_older_kernels_shorter_info_says_nothing_of_progress(size):
    """bytes_sent came with Linux 4.19."""
    assert one(diag(tcp_info(size, acked=1))).progress is None


def test_the_kernels_refusal_is_its_own_error():
    """An error's number is told as the system call's would be."""
    with pytest.raises(PermissionError):
        read(message(ERROR, struct.pack("=i", -errno.EPERM)), SEQUENCE)


def test_an_answer_to_another_question_is_passed_over():
    """Its sockets and its end are not ours."""
    late = message(SOCKET, diag(), sequence=6) + message(DONE, bytes(4), sequence=6)
    assert read(late, SEQUENCE) == ([], False, False)


@pytest.mark.parametrize(
    "data",
    [
        b"\x01",
        message(SOCKET, diag())[:-4],
        message(SOCKET, diag()[:71]),
        message(SOCKET, diag(family=1)),
        message(SOCKET, diag() + struct.pack("=HH", 3, 2)),
        message(SOCKET, diag() + struct.pack("=HH", 9, 2) + bytes(4)),
        message(ERROR, b""),
        struct.pack("=IHHII", 15, SOCKET, 0, SEQUENCE, 0),
    ],
    ids=["header", "cut", "short", "family", "small attribute", "large attribute", "error", "length"],
)
def test_what_is_no_answer_is_a_bad_record(data):
    """Lengths that lead nowhere are named."""
    with pytest.raises(BadRecord):
        read(data, SEQUENCE)


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader(data):
    """It reads or refuses."""
    try:
        read(data, SEQUENCE)
    except (BadRecord, OSError):
        return


@given(
    st.lists(st.tuples(st.integers(0, 330), st.integers(0, 255)), max_size=6), st.one_of(st.none(), st.integers(0, 330))
)
def test_no_spoiled_answer_crashes_the_reader(changes, cut):
    """A good answer with some bytes changed, or cut off, is read or refused."""
    data = bytearray(message(SOCKET, diag(attribute(21, bytes(8)), tcp_info())) + message(DONE, bytes(4)))
    for place, value in changes:
        data[place % len(data)] = value
    try:
        read(bytes(data[:cut]), SEQUENCE)
    except (BadRecord, OSError):
        return


class Kernel:
    """Answers each question with the next of the given messages, at the question's sequence number."""

    def __init__(self, *answers, flags=0):
        self.answers = list(answers)
        self.flags = flags
        self.questions = []

    def send(self, question):
        self.questions.append(question)

    def recvmsg(self, _size):
        sequence = struct.unpack_from("=I", self.questions[-1], 8)[0]
        parts = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return b"".join(message(*part, sequence=sequence) for part in parts), [], self.flags, None


WHOLE = [(SOCKET, diag()), (DONE, bytes(4))]
CHANGED = [(SOCKET, diag(), INTERRUPTED), (DONE, bytes(4), INTERRUPTED)]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_question_names_family_protocol_and_states(family):
    """TCP, ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, and the attribute INFO."""
    kernel = Kernel(WHOLE)
    assert len(list(tcp_sockets(kernel, OPEN, family))) == 1
    (question,) = kernel.questions
    assert struct.unpack_from("=BBBxI", question, 16) == (family, 6, 0b10, 0b1_0011_0010)


def test_a_list_that_changed_is_asked_for_again():
    """The socket comes twice, with the same cookie."""
    kernel = Kernel(CHANGED, WHOLE)
    found = list(tcp_sockets(kernel, OPEN, 2))
    assert [each.cookie for each in found] == [0x0123456789ABCDEF] * 2
    assert len(kernel.questions) == 2


def test_a_list_that_always_changes_is_given_up():
    """Four times, then it is an error that the caller counts."""
    kernel = Kernel(CHANGED)
    with pytest.raises(InterruptedDumpError):
        list(tcp_sockets(kernel, OPEN, 2))
    assert len(kernel.questions) == 4


def test_a_datagram_that_was_cut_is_refused():
    """What is missing cannot be told."""
    with pytest.raises(BadRecord, match="longer"):
        list(tcp_sockets(Kernel(WHOLE, flags=socket.MSG_TRUNC), OPEN, 2))
