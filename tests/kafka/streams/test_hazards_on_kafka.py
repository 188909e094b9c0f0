"""Hazards of Faust that only a real Kafka shows; those of settings are in tests/unit/streams/test_faust_hazards.py."""

import asyncio
import os

import pytest
from received import receiving, taken

from schemas.kafka import producer
from schemas.topics import CONNECTIONS

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
LARGE = 7 * 1024 * 1024


async def receive(kafka, path, count):
    """The first records that an application receives."""
    async with receiving(kafka, path) as (_, intake):
        return await taken(intake, count)


def test_a_record_larger_than_a_fetch_is_received(kafka, tmp_path):
    """The bound of a fetch is one of memory and not of records: Kafka gives the first record whole (KIP-74)."""
    client = producer(kafka)
    for value in (b"before", os.urandom(LARGE), b"after"):
        client.produce(kafka.topic(CONNECTIONS), value, partition=0)
    assert client.flush(30) == 0
    arrivals = asyncio.run(receive(kafka, tmp_path, 3))
    assert [len(arrival.raw.value) for arrival in arrivals] == [6, LARGE, 5]


def test_more_records_than_any_buffer_holds_are_all_received_in_order(kafka, tmp_path):
    """Faust leaves out a partition whose queue is full, and must come back to it (issue 283)."""
    client = producer(kafka)
    for number in range(5_000):
        client.produce(kafka.topic(CONNECTIONS), str(number).encode(), partition=number % 2)
    assert client.flush(30) == 0
    arrivals = asyncio.run(receive(kafka, tmp_path, 5_000))
    for partition in (0, 1):
        offsets = [arrival.raw.offset for arrival in arrivals if arrival.raw.partition == partition]
        assert offsets == list(range(2_500))


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
def test_records_of_every_compression_are_received(kafka, tmp_path, compression):
    """Faust ends with UnsupportedCodecError where a library is missing; other writers choose their own."""
    client = producer(kafka, compression_type=compression)
    for _ in range(10):
        client.produce(kafka.topic(CONNECTIONS), b"x" * 1000, partition=0)
    assert client.flush(30) == 0
    assert len(asyncio.run(receive(kafka, tmp_path, 10))) == 10
