"""Encoders made of a type's fields write the very bytes of the codec, for each record of ours."""

import pytest
import record_strategies
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import codec
from schemas.encode import encoder
from schemas.topics import TOPICS

RECORDS = sorted({topic.record for topic in TOPICS if topic.record}, key=lambda record: record.__name__)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
@given(data=st.data())
def test_any_record_has_the_bytes_of_the_codec(record, data):
    value = data.draw(record_strategies.values(record))
    assert encoder(record)(value) == codec(record).encode(value)


@pytest.mark.parametrize(
    ("hint", "value"), [(int, 1 << 63), (int, -(1 << 63) - 1), (int, "1"), (str, 1), (int | None, "x"), (bytes, None)]
)
def test_a_value_that_is_no_such_thing_is_refused(hint, value):
    with pytest.raises((OverflowError, TypeError, AttributeError, KeyError)):
        encoder(hint)(value)


def test_a_type_that_no_record_has_is_refused():
    with pytest.raises(TypeError, match="no encoder for"):
        encoder(complex)
