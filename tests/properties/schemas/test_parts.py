"""A record put together from parts has the very bytes that the codec writes."""

import pytest
import record_strategies
from hypothesis import given
from hypothesis import strategies as st

from schemas import parts
from schemas.codec import codec
from schemas.parts import Parts
from schemas.records import EdgeColumns, ServiceRef, WorkloadEdges

ENCODE = Parts(WorkloadEdges).encode


@given(record_strategies.values(WorkloadEdges))
def test_any_record_has_the_bytes_of_the_codec(record):
    """Also the second time, when the parts are known."""
    plain = codec(WorkloadEdges).encode(record)
    assert [ENCODE(record), ENCODE(record)] == [plain, plain]


@given(st.lists(st.one_of(st.integers(-2, 200), st.integers(2**13 - 2, 2**16 + 2), st.integers(2**40, 2**41))))
def test_numbers_of_every_length(numbers):
    record = WorkloadEdges("c", (), edges=EdgeColumns(services=tuple(numbers), ports=tuple(numbers[:3])))
    assert ENCODE(record) == codec(WorkloadEdges).encode(record)


def test_what_is_kept_is_bounded(monkeypatch):
    """A million addresses that come once do not stay."""
    monkeypatch.setattr(parts, "_MOST_KEPT", 10)
    own = Parts(WorkloadEdges)
    for number in range(100):
        record = WorkloadEdges("c", (), services=(ServiceRef("ns", f"service-{number}", 80),))
        assert own.encode(record) == codec(WorkloadEdges).encode(record)
    items = next(cell for cell in parts_of(own) if cell._kept)
    assert 0 < len(items._kept) <= 10


def parts_of(own):
    """The encoders of arrays in it."""
    (found,) = [cell.cell_contents for cell in own._encode.__closure__]
    return [encode for _, encode in found if isinstance(encode, parts._Items)]


@pytest.mark.parametrize("values", [(1, "x"), (1.5,)])
def test_a_column_that_holds_something_else_is_refused(values):
    with pytest.raises((TypeError, ValueError)):
        ENCODE(WorkloadEdges("c", (), edges=EdgeColumns(ports=values)))
