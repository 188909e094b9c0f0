"""Arrays of longs have the very bytes that fastavro writes, however they are cut."""

import io

import fastavro
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.longs import arrays, long

SCHEMA = fastavro.parse_schema({"type": "array", "items": "long"})
EDGES = [sign * (1 << bits) + near for bits in range(63) for sign in (1, -1) for near in (-1, 0, 1)]
LONGS = st.one_of(st.sampled_from(EDGES), st.integers(-(1 << 63), (1 << 63) - 1), st.integers(-1, 63))


def written(values, schema=SCHEMA):
    """By fastavro."""
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, schema, values)
    return buffer.getvalue()


@given(st.one_of(*(st.lists(one, max_size=20) for one in (LONGS, st.integers(0, 63), st.integers(1 << 40, 1 << 41)))))
def test_an_array(values):
    """Of any numbers, of small ones, and of about the same."""
    assert [*arrays(np.array(values, np.int64), [len(values)])] == [written(values)]


@given(st.lists(st.lists(LONGS, max_size=4), min_size=1, max_size=5))
def test_several_arrays_at_once(parts):
    """Empty ones among them."""
    ends = np.cumsum([len(part) for part in parts]).tolist()
    values = np.array([value for part in parts for value in part], np.int64)
    assert [*arrays(values, ends)] == [*map(written, parts)]


@given(LONGS)
def test_one_number(value):
    assert long(value) == written(value, "long")
