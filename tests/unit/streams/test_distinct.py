"""How many distinct addresses there were: an estimate that knows neither order nor repetition."""

import random

import pytest

from streams.windows.distinct import estimate, new_sketch, note


def sketch_of(numbers):
    made = new_sketch()
    for number in numbers:
        note(made, number.to_bytes(16, "big"))
    return made


@pytest.mark.parametrize("count", [0, 1, 10, 300, 2_000, 5_000, 40_000])
def test_the_estimate_is_within_three_standard_errors(count):
    assert estimate(sketch_of(range(count))) == pytest.approx(count, rel=3 * 0.0325, abs=0)


def test_order_and_repetition_do_not_matter():
    numbers = list(range(1_000)) * 2
    random.Random(5).shuffle(numbers)  # noqa: S311  a repeatable order, no secret
    assert sketch_of(numbers) == sketch_of(range(1_000))


def test_two_sketches_merge_to_that_of_both():
    """By the larger of each register."""
    merged = bytearray(map(max, sketch_of(range(600)), sketch_of(range(400, 1_000))))
    assert merged == sketch_of(range(1_000))
