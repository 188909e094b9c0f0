"""A record put together from parts has the very bytes that the codec writes."""

import record_strategies
from hypothesis import given

from schemas import parts
from schemas.codec import codec
from schemas.parts import Parts
from schemas.records import ServiceRef, WorkloadEdges

ENCODE = Parts(WorkloadEdges).encode


@given(record_strategies.values(WorkloadEdges))
def test_any_record_has_the_bytes_of_the_codec(record):
    """Also the second time, when the parts are known."""
    plain = codec(WorkloadEdges).encode(record)
    assert [ENCODE(record), ENCODE(record)] == [plain, plain]


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
    return [encode for encode in own.fields.values() if isinstance(encode, parts._Items)]
