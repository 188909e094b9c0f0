"""Kafka's log as the benchmark measures it."""

import struct

import pytest


@pytest.fixture
def stored():
    from bench.collector.segments import Stored, stored

    return lambda data: [(one.first, one.last, one.size) for one in stored(data) if isinstance(one, Stored)]


def batch(first, records, payload):
    """A record batch as a broker writes it: 61 bytes of header, of which the length leaves out the first twelve."""
    rest = struct.pack(">ibIhi", 0, 2, 0, 4, records - 1) + bytes(61 - 12 - 15) + bytes(payload)
    return struct.pack(">qi", first, len(rest)) + rest


def test_each_batch_has_its_offsets_and_all_its_bytes(stored):
    """Header included: that is what Kafka keeps."""
    assert stored(batch(7, 1, 100) + batch(8, 3, 20)) == [(7, 7, 161), (8, 10, 81)]


@pytest.mark.parametrize("cut", [1, 30, 61, 100])
def test_a_batch_that_is_not_written_to_its_end_is_left_out(stored, cut):
    """The broker may be writing meanwhile."""
    assert stored(batch(0, 1, 10) + batch(1, 1, 100)[:-cut]) == [(0, 0, 71)]


def test_space_that_was_never_written_holds_nothing(stored):
    """A preallocated segment ends in zeros."""
    assert stored(batch(0, 1, 10) + bytes(200)) == [(0, 0, 71)]
