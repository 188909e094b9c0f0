"""Recorded lines and connections are two forms of one thing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.recorded import BadLine, parse_raw, raw_line, read_raw
from schemas.codec import BadRecord
from schemas.records import Basis, Connection, Protocol, Role

LINE = {
    "node": "n1",
    "role": "client",
    "protocol": "TCP",
    "local_address": "10.201.0.5",
    "remote_address": "10.201.0.10",
    "port": 80,
    "established": True,
    "count": 3,
    "first_seen": "2026-01-02T03:04:05.678Z",
    "last_seen": "2026-01-02T03:04:06.000Z",
}
MAPPED = bytes(10) + b"\xff\xff"
addresses = st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16).filter(
    lambda packed: not packed.startswith(MAPPED)
)
times = st.tuples(st.integers(0, 4_000_000_000_000), st.integers(0, 4_000_000_000_000)).map(sorted)


@st.composite
def connections(draw):
    first, last = draw(times)
    return Connection(
        role=draw(st.sampled_from(Role)),
        basis=draw(st.sampled_from(Basis)),
        protocol=draw(st.sampled_from(Protocol)),
        local_address=draw(addresses),
        remote_address=draw(addresses),
        port=draw(st.integers(1, 65535)),
        established=draw(st.booleans()),
        count=draw(st.integers(0, 10**6)),
        first_seen=first,
        last_seen=last,
        netns_cookie=draw(st.integers(0, 2**40)),
        pod_uid=draw(st.sampled_from(["", "f2b2cd4e"])),
    )


@given(connections())
def test_a_connection_survives_its_line(connection):
    """What is written is read back the same, through JSON."""
    assert parse_raw(json.loads(json.dumps(raw_line("n1", connection)))) == ("n1", connection)


def test_a_written_line_is_the_published_form():
    """The documented example comes back field by field, with its basis."""
    assert raw_line(*parse_raw(LINE)) == {**LINE, "basis": "import"}


def test_mapped_addresses_are_unwrapped():
    """::ffff:10.201.0.5 is 10.201.0.5."""
    _, connection = parse_raw({**LINE, "local_address": "::ffff:10.201.0.5"})
    assert connection.local_address == bytes([10, 201, 0, 5])


def test_one_of_the_times_is_enough():
    """A line with one time was seen at that time only."""
    _, connection = parse_raw({name: value for name, value in LINE.items() if name != "first_seen"})
    assert connection.first_seen == connection.last_seen == 1_767_323_046_000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("node", ""),
        ("node", 1),
        ("node", "\ud800"),
        ("role", "boss"),
        ("protocol", "ICMP"),
        ("local_address", "10.201.0.5:80"),
        ("remote_address", 5),
        ("port", 0),
        ("port", 65536),
        ("port", True),
        ("established", "yes"),
        ("count", -1),
        ("count", 2**63),
        ("first_seen", "2026-01-02T03:04:05"),
        ("last_seen", "yesterday"),
        ("last_seen", "2025-01-01T00:00:00Z"),
    ],
)
def test_a_bad_field_is_named(field, value):
    """The reason begins with the field's name."""
    with pytest.raises(BadRecord, match=f"^{field}: "):
        parse_raw({**LINE, field: value})


@given(st.dictionaries(st.sampled_from([*LINE, "basis"]), st.none() | st.integers() | st.text() | st.lists(st.none())))
def test_any_object_is_a_connection_or_a_bad_record(changes):
    """No value of a field makes the parser crash."""
    try:
        parse_raw({**LINE, **changes})
    except BadRecord as error:
        assert str(error)  # noqa: PT017  both outcomes are right; the reason may not be empty


def test_bad_lines_keep_their_numbers_and_the_rest_is_read():
    """Not JSON, not an object, nested past all sense: reported by number; blank lines are passed over."""
    bad: list[BadLine] = []
    lines = ["", "{", json.dumps(LINE), "[1]", "[" * 100_000]
    assert [node for node, _ in read_raw(lines, bad.append)] == ["n1"]
    assert [line.number for line in bad] == [2, 4, 5]
