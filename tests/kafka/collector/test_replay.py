"""A recorded file, published as if seen."""

import json

import pytest

from collector.replay import run
from collector.settings import ReplaySettings
from schemas.errors import UsageError
from schemas.records import Basis

pytestmark = pytest.mark.kafka


def _line(node, second):
    return json.dumps(
        {
            "node": node,
            "role": "server",
            "protocol": "TCP",
            "local_address": "10.201.0.5",
            "remote_address": "10.201.0.6",
            "port": 8080,
            "count": 3,
            "last_seen": f"2026-01-02T03:04:{second:02}.000Z",
        }
    )


@pytest.fixture
def recording(tmp_path):
    """Two nodes, two intervals, one bad line."""
    path = tmp_path / "recording.jsonl"
    path.write_text("\n".join([_line("n1", 1), _line("n2", 2), "{", _line("n1", 7)]))
    return path


def test_a_recording_becomes_batches_of_its_nodes(kafka, recording, published, caplog):
    """Every good line is published; a bad one is reported with its number and counted."""
    assert run(ReplaySettings(kafka, recording)) == 1
    batches = {(batch.node, batch.sequence): batch for _, _, batch in published()}
    assert set(batches) == {("n1", 0), ("n1", 1), ("n2", 0)}
    assert [sum(batch.connections.counts) for batch in batches.values()] == [3, 3, 3]
    assert {row.basis for batch in batches.values() for row in batch.rows()} == {Basis.IMPORT}
    assert f"{recording}:3: not JSON" in caplog.text


def test_a_second_replay_is_a_repetition(kafka, recording, published):
    """The same batches under the same boot and numbers: downstream drops them."""
    run(ReplaySettings(kafka, recording))
    once = sorted(published(), key=repr)
    run(ReplaySettings(kafka, recording))
    assert sorted(published(), key=repr) == sorted(once * 2, key=repr)


def test_a_file_of_something_else_is_a_usage_error(kafka, tmp_path):
    """Not one readable line: it is the wrong file."""
    path = tmp_path / "other.jsonl"
    path.write_text('\n{"a": 1}\nnot JSON\n')
    with pytest.raises(UsageError, match=r"other\.jsonl .* recorded connections.*line 2"):
        run(ReplaySettings(kafka, path))


def test_a_missing_file_is_a_usage_error(kafka, tmp_path):
    """Before Kafka is asked for anything."""
    with pytest.raises(UsageError, match="nowhere"):
        run(ReplaySettings(kafka, tmp_path / "nowhere"))
