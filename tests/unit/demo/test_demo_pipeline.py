"""The demo's programs as processes: a program that fails is never a hang."""

import pytest

from advisor.demo import pipeline
from schemas.errors import Unavailable

PROGRAM = """\
#!/bin/sh
echo "$@"
case "$1" in
  stream) echo "the cause"; exit 5;;
  collect) trap 'exit 0' TERM; echo "collect ready"; while :; do sleep 0.02; done;;
  topics) exit "${TOPICS_CODE:-0}";;
  *) echo "$1 ready"; sleep 30;;
esac
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A pipeline whose command is a small script."""
    script = tmp_path / "network-policy"
    script.write_text(PROGRAM)
    script.chmod(0o755)
    monkeypatch.setattr(pipeline, "_installed", lambda: str(script))
    with pipeline.pipeline("127.0.0.1:9092", tmp_path / "logs") as made:
        yield made


def test_a_program_that_ends_is_told_with_its_last_words(programs):
    """`ready` does not wait for a program that has died."""
    programs.start("stream")
    with pytest.raises(Unavailable, match=r"(?s)stream ended with code 5.*the cause"):
        programs.ready()
    with pytest.raises(Unavailable, match=r"(?s)stream ended with code 5.*the cause"):
        programs.check()


def test_topics_that_cannot_be_created_end_the_demo(programs, monkeypatch):
    """The reason is in the text."""
    monkeypatch.setenv("TOPICS_CODE", "3")
    with pytest.raises(Unavailable, match="the topics could not be created"):
        programs.create_topics()


def test_the_collector_may_end_in_peace(programs):
    """Once it is stopped, nothing more is collected, and that is no failure."""
    programs.start_collector()
    programs.ready()
    assert programs.collecting
    programs.stop_collector()
    assert not programs.collecting
    programs.check()


def test_programs_end_with_the_pipeline(tmp_path, monkeypatch, programs):
    """Nothing outlives the context."""
    with pipeline.pipeline("127.0.0.1:9092", tmp_path / "other") as other:
        child = other.start("follow", "--objects", "o.yaml")
        other.ready()
        assert child.exit_code is None
    assert child.exit_code is not None


def test_a_process_of_another_kind_is_watched_too(programs):
    """A pod that dies ends the demo as a program does."""
    pod = programs.start("stream")
    pod.wait(5)
    with pipeline.pipeline("127.0.0.1:9092", pod.log.parent) as empty, pytest.raises(Unavailable, match="stream ended"):
        empty.check([pod])
