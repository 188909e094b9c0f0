"""A recording becomes the same batches, whatever the order of its lines."""

import json

from hypothesis import given
from hypothesis import strategies as st

from collector.recording import batches_of

INTERVAL_MS = 5_000


def _line(node, port, second):
    return json.dumps(
        {
            "node": node,
            "role": "server",
            "protocol": "TCP",
            "local_address": "10.201.0.5",
            "remote_address": "10.201.0.6",
            "port": port,
            "last_seen": f"2026-01-02T03:04:{second:02}.000Z",
        }
    )


lines = st.lists(
    st.builds(_line, st.sampled_from(["n1", "n2"]), st.integers(1, 5), st.integers(0, 59)), min_size=1, max_size=25
)


def _batches(given_lines, batch_rows=3):
    bad = []
    return tuple(batches_of(given_lines, "c", INTERVAL_MS, bad.append, batch_rows)), bad


@given(lines, st.randoms())
def test_the_order_of_lines_does_not_matter(recorded, random):
    """Shuffled lines give the same batches under the same boot, so a second replay is a repetition."""
    shuffled = list(recorded)
    random.shuffle(shuffled)
    assert _batches(recorded) == _batches(shuffled)


@given(lines)
def test_every_line_is_in_one_batch_of_its_interval(recorded):
    """Nothing is lost, nothing stands outside its interval, and each node counts from 0 without a gap."""
    batches, _ = _batches(recorded)
    assert sum(len(batch.connections) for batch in batches) == len(recorded)
    for batch in batches:
        assert all(batch.interval_start <= row.last_seen < batch.interval_end for row in batch.rows())
    for node in ("n1", "n2"):
        sequences = [batch.sequence for batch in batches if batch.node == node]
        assert sequences == list(range(len(sequences)))


def test_another_recording_is_another_boot():
    """One line more, and it is not a repetition."""
    (one, *_), _ = _batches([_line("n1", 80, 1)])
    (other, *_), _ = _batches([_line("n1", 80, 1), _line("n1", 80, 1)])
    assert one.boot_id != other.boot_id


def test_a_heartbeat_is_replayed_as_one():
    """A line that counts nothing says that its edge was open, in the interval of its time."""
    (batch,), bad = _batches([json.dumps({**json.loads(_line("n1", 80, 1)), "count": 0})])
    assert not bad
    assert [(row.port, row.count) for row in batch.rows()] == [(80, 0)]


def test_a_bad_line_is_reported_and_the_rest_goes_on():
    """Its number is given."""
    batches, bad = _batches(["{", _line("n1", 80, 1)])
    assert len(batches) == 1
    assert [line.number for line in bad] == [1]
