"""`network-policy snapshot` on the real Kafka."""

import subprocess
import time
from dataclasses import replace

import pytest
from shop import shop
from suggested import suggestions

from schemas.kafka import consumer, end_offsets, producer
from schemas.reading import to_end
from schemas.topics import POLICY_SUGGESTIONS
from synthesizer.book import Book
from synthesizer.options import Options
from synthesizer.output import Output

pytestmark = pytest.mark.kafka
ONE, *REST = suggestions(workloads=6)


def files_in(directory):
    found = (path for path in directory.rglob("*.yaml") if path.is_file())
    return {str(path.relative_to(directory)): path.read_text() for path in found}


def expected(*made):
    return {f"{one.workload.namespace}/{one.policy_name}.yaml": one.policy for one in made}


def test_the_latest_suggestion_of_each_workload_is_a_file(publish, command, tmp_path):
    """Withdrawn ones are none; unreadable ones stay as they were; a second run has nothing to do."""
    newer = replace(ONE, revision=2, policy=ONE.policy + "# newer\n")
    publish(ONE, *REST, newer, replace(ONE, cluster="other", policy="else"))
    done = command("snapshot", "--output", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert files_in(tmp_path) == expected(newer, *REST)
    assert done.stdout.splitlines()[-1] == "6 workloads; 6 files: 6 new"
    publish((REST[0].key, None), (REST[1].key, b"garbage"))
    done = command("snapshot", "--output", tmp_path)
    assert files_in(tmp_path) == expected(newer, *REST[1:])
    assert done.stdout.splitlines()[-1] == "4 workloads; 4 files: 1 removed"
    assert f"{REST[1].workload.ref}: its suggestion cannot be read" in done.stderr
    assert command("snapshot", "--output", tmp_path).stdout == "4 workloads; 4 files: nothing changed\n"


def test_it_writes_what_synthesize_writes(publish, command, tmp_path):
    """The same bytes, from the topic alone."""
    windows = shop(workloads=30, windows=6)
    book = Book(Options())
    for one in windows:
        book.take(one, 0)
    made = [entry.suggestion for entry in book.changed()]
    assert Output(tmp_path / "synthesize", book).follow(made)
    publish(*made)
    assert command("snapshot", "--output", tmp_path / "snapshot").returncode == 0
    assert files_in(tmp_path / "snapshot") == files_in(tmp_path / "synthesize") != {}


def test_a_commit_only_if_something_changed(publish, command, tmp_path):
    """In a directory that was empty."""
    publish(*REST)
    first = command("snapshot", "--git", "--output", tmp_path / "out")
    assert (first.returncode, first.stderr) == (0, "")
    publish(ONE, (REST[0].key, None))
    assert "1 new, 1 removed; commit" in command("snapshot", "--git", "--output", tmp_path / "out").stdout
    assert command("snapshot", "--git", "--output", tmp_path / "out").stdout.endswith("; nothing to commit\n")
    log = subprocess.check_output(["git", "-C", tmp_path / "out", "log", "--format=%s"], text=True)
    assert log.splitlines() == [
        "Network policies of cluster test: 1 new, 1 removed",
        "Network policies of cluster test: 5 new",
    ]


def test_another_clusters_name_removes_nothing(publish, command, tmp_path):
    """An empty topic is no reason to lose everything."""
    publish(ONE)
    command("snapshot", "--output", tmp_path)
    done = command("snapshot", "--output", tmp_path, "--cluster", "tset")
    assert done.returncode == 3
    assert "has no suggestion of cluster tset (it has some of test)" in done.stderr
    assert files_in(tmp_path) == expected(ONE)
    assert command("snapshot", "--output", tmp_path / "empty", "--cluster", "tset").returncode == 0


def test_a_strangers_file_in_the_way_is_exit_code_2(publish, command, tmp_path):
    """After all others were written."""
    publish(ONE, *REST)
    path = tmp_path / next(iter(expected(ONE)))
    path.parent.mkdir(parents=True)
    path.write_text("mine\n")
    done = command("snapshot", "--output", tmp_path)
    assert done.returncode == 2
    assert str(path) in done.stderr
    assert files_in(tmp_path) == {**expected(*REST), next(iter(expected(ONE))): "mine\n"}


def test_killed_at_any_moment_it_ends_in_the_same_files_and_commit(publish, killed, command, tmp_path):
    """By kill -9, here and there; then one run to the end."""
    made = suggestions(workloads=60)
    publish(*made)
    for moment in (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4):
        killed(moment, "snapshot", "--git", "--output", tmp_path / "out")
    assert command("snapshot", "--git", "--output", tmp_path / "out").returncode == 0
    assert files_in(tmp_path / "out") == expected(*made)
    git = ["git", "-C", tmp_path / "out"]
    assert subprocess.check_output([*git, "status", "--porcelain"], text=True) == ""
    tracked = subprocess.check_output([*git, "ls-tree", "-r", "--name-only", "HEAD"], text=True)
    assert set(tracked.split()) == set(expected(*made))


def test_a_partition_whose_last_offset_holds_no_record_comes_to_its_end(kafka):
    """Here it is a transaction's mark; a compacted topic may lose its last record too."""
    topic = kafka.topic(POLICY_SUGGESTIONS)
    client = producer(kafka, transactional_id="one")
    client.init_transactions()
    client.begin_transaction()
    client.produce(topic, key="a", value=b"1", partition=0)
    client.commit_transaction(10)
    reader = consumer(kafka, "reader", enable_partition_eof=True)
    deadline = time.monotonic() + 20
    while (spans := end_offsets(reader, topic, range(2)))[0] != (0, 2):
        assert time.monotonic() < deadline, spans
    began = time.monotonic()
    assert [message.value() for message in to_end(reader, topic, spans, 20)] == [b"1"]
    assert time.monotonic() - began < 10
    reader.close()


def test_a_missing_broker_is_exit_code_3(tmp_path, command):
    done = command("snapshot", "--brokers", "127.0.0.1:1", "--output", tmp_path)
    assert done.returncode == 3
    assert "no Kafka broker answers at 127.0.0.1:1" in done.stderr
