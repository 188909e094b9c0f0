"""A committed offset never passes a record whose outputs are not acknowledged (faust issue 606, hazards of ack)."""

import asyncio

import pytest
from received import receiving, taken

from schemas.kafka import committed_offsets, consumer
from schemas.topics import CONNECTIONS
from streams.worker.settings import StreamSettings

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
FAUST_COMMITS_EVERY_S = 2.8


def committed(kafka):
    client = consumer(kafka, StreamSettings(kafka).group)
    try:
        return committed_offsets(client, kafka.topic(CONNECTIONS), [0]).get(0)
    finally:
        client.close()


async def with_port(kafka, path, body):
    async with receiving(kafka, path) as (port, intake):
        await body(port, intake)


def test_what_is_only_received_is_never_committed(kafka, shop, tmp_path):
    """Not at Faust's own intervals, and not when the worker ends in an orderly way."""
    for number in range(10):
        shop.raw(CONNECTIONS, str(number).encode())

    async def body(_port, intake):
        assert [arrival.raw.offset for arrival in await taken(intake, 10)] == list(range(10))
        await asyncio.sleep(2 * FAUST_COMMITS_EVERY_S)

    asyncio.run(with_port(kafka, tmp_path, body))
    assert committed(kafka) is None


def test_a_commit_reaches_as_far_as_it_was_asked_to(kafka, shop, tmp_path):
    """The rest is received again by the next worker."""
    for number in range(10):
        shop.raw(CONNECTIONS, str(number).encode())

    async def first(port, intake):
        await port.commit((await taken(intake, 10))[:4])
        await asyncio.sleep(FAUST_COMMITS_EVERY_S)

    async def second(_port, intake):
        assert [arrival.raw.offset for arrival in await taken(intake, 6)] == list(range(4, 10))

    asyncio.run(with_port(kafka, tmp_path, first))
    assert committed(kafka) == 4
    asyncio.run(with_port(kafka, tmp_path, second))


def test_an_arrival_of_an_earlier_generation_is_not_committed(kafka, shop, tmp_path):
    """Whoever has the partition now has received it again."""
    import dataclasses

    shop.raw(CONNECTIONS, b"0")

    async def body(port, intake):
        (arrival,) = await taken(intake, 1)
        await port.commit([dataclasses.replace(arrival, generation=arrival.generation - 1)])

    asyncio.run(with_port(kafka, tmp_path, body))
    assert committed(kafka) is None
