"""What waits between Kafka and a step is bounded, in order, and wakes a reader that has to look about."""

import asyncio

import pytest

from schemas.dead_letters import RawRecord
from streams.intake import MOST_BYTES, MOST_RECORDS, Intake


def raw(offset, size=1):
    return RawRecord("t", 0, offset, None, bytes(size))


async def filled(intake, records):
    """Put until there is no room; how many went in."""
    count = 0
    for record in records:
        try:
            await asyncio.wait_for(intake.put(record, 1), 0.05)
        except TimeoutError:
            return count
        count += 1
    return count


def test_records_are_bounded():
    async def scene():
        return await filled(Intake(), (raw(offset) for offset in range(MOST_RECORDS + 5)))

    assert asyncio.run(scene()) == MOST_RECORDS


def test_bytes_are_bounded():
    """Eight records of the largest size fill it, whatever the number that it could hold."""

    async def scene():
        intake = Intake()
        return await filled(intake, (raw(offset, MOST_BYTES // 8) for offset in range(20))), intake.size

    assert asyncio.run(scene()) == (8, MOST_BYTES)


def test_a_record_larger_than_the_bound_passes_alone():
    """Else it would be waited for, for ever."""

    async def scene():
        intake = Intake()
        return await filled(intake, (raw(0, MOST_BYTES + 1), raw(1))), len(await intake.take(5, 0)), intake.size

    assert asyncio.run(scene()) == (1, 1, 0)


def test_room_that_is_made_lets_the_next_in():
    async def scene():
        intake = Intake()
        await filled(intake, (raw(offset, MOST_BYTES // 2) for offset in range(2)))
        putting = asyncio.create_task(intake.put(raw(2), 1))
        taken = await intake.take(1, 0)
        await asyncio.wait_for(putting, 1)
        return [arrival.raw.offset for arrival in (*taken, *await intake.take(5, 0))]

    assert asyncio.run(scene()) == [0, 1, 2]


@pytest.mark.parametrize("most", [1, 3, 10])
def test_no_more_are_taken_than_asked_for(most):
    async def scene():
        intake = Intake()
        await filled(intake, (raw(offset) for offset in range(5)))
        return len(await intake.take(most, 0))

    assert asyncio.run(scene()) == min(most, 5)


def test_the_first_waits_for_others_a_moment():
    async def scene():
        intake = Intake()
        await intake.put(raw(0), 1)
        taking = asyncio.create_task(intake.take(5, 0.1))
        await asyncio.sleep(0.02)
        await intake.put(raw(1), 1)
        return len(await taking)

    assert asyncio.run(scene()) == 2


def test_a_woken_reader_finds_nothing_and_then_waits_again():
    async def scene():
        intake = Intake()
        intake.wake()
        assert await asyncio.wait_for(intake.take(5, 0), 1) == ()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(intake.take(5, 0), 0.05)

    asyncio.run(scene())
