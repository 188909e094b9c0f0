"""The synthesizer on the real Kafka: what it was told is in the topic and in the files, whatever happens to it."""

import time

import pytest
from shop import shop
from waiting import wait_until

from schemas.topics import POLICY_SUGGESTIONS, WORKLOAD_WINDOWS
from synthesizer.evidence import fold_all
from synthesizer.offline import suggestions_of

pytestmark = pytest.mark.kafka


def expected_files(windows):
    """What an undisturbed run would have written."""
    made = suggestions_of(windows)
    return {f"{one.workload.namespace}/{one.policy_name}.yaml": one.policy for one in made if one.policy}


def test_windows_become_suggestions_and_files(bench):
    """One suggestion a workload, in the partition of its windows, and one file each."""
    windows = shop(workloads=6, windows=2)
    child = bench.start()
    bench.send(windows)
    wait_until(lambda: bench.files() == expected_files(windows))
    assert {one.workload.ref: one.policy for one in suggestions_of(windows)} == {
        ref: one.policy for ref, one in bench.suggestions().items()
    }
    assert child.stop() == 0


def test_killed_at_any_moment_it_ends_in_the_same_files_and_suggestions(bench):
    """Small batches and kill -9 in the middle, several times; then as if nothing had been."""
    windows = shop(workloads=30, windows=6)
    bench.send(windows[:100])
    for moment in (0.05, 0.2, 0.4):
        child = bench.start(batch=3)
        time.sleep(moment)
        child.kill()
    bench.send(windows[100:])
    child = bench.start()
    wait_until(lambda: bench.files() == expected_files(windows))
    evidence = fold_all(windows)
    wait_until(lambda: all(one.evidence for one in bench.suggestions().values()))
    for ref, one in bench.suggestions().items():
        assert set(one.evidence) == set(evidence[ref].edges.values()), ref
    assert child.stop() == 0


def test_started_again_with_nothing_new_it_publishes_nothing(bench):
    """The topic is its own memory, and files that were lost are written again from it."""
    windows = shop(workloads=4, windows=1)
    bench.send(windows)
    child = bench.start()
    wait_until(lambda: bench.files() == expected_files(windows))
    assert child.stop() == 0
    before = bench.records(POLICY_SUGGESTIONS)
    for path in bench.output.rglob("*.yaml"):
        path.unlink()
    child = bench.start()
    assert bench.files() == expected_files(windows)
    assert child.stop() == 0
    assert bench.records(POLICY_SUGGESTIONS) == before


def test_garbage_goes_to_dead_letters_and_the_stream_goes_on(bench):
    """Bytes that are no window, windows that nobody can use, and garbage among the suggestions to restore."""
    windows = shop(workloads=2, windows=1)
    bench.send_raw(POLICY_SUGGESTIONS, b"no suggestion")
    bench.send_raw(WORKLOAD_WINDOWS, b"no window")
    bench.send_raw(WORKLOAD_WINDOWS, None)
    child = bench.start()
    bench.send(windows)
    wait_until(lambda: bench.files() == expected_files(windows))
    letters = {letter.topic.removeprefix(bench.kafka.topic_prefix): letter for letter in bench.dead_letters()}
    assert {"netpol.policy-suggestions", "netpol.workload-windows"} == set(letters)
    assert letters["netpol.policy-suggestions"].value == b"no suggestion"
    assert "framing" in letters["netpol.policy-suggestions"].reason
    assert child.stop() == 0


def test_a_missing_broker_is_exit_code_3(bench):
    """With one sentence that names the address."""
    bench.kafka = type(bench.kafka)("127.0.0.1:1", topic_prefix="nowhere.")
    child = bench.start(ready=False)
    assert child.wait(60) == 3
    assert "no Kafka broker answers at 127.0.0.1:1" in child.tail()


def test_a_missing_topic_is_exit_code_3(bench):
    """With the topic's name and the command that creates it."""
    bench.kafka = type(bench.kafka)(bench.kafka.brokers, topic_prefix="nowhere.")
    child = bench.start(ready=False)
    assert child.wait(60) == 3
    assert "network-policy topics" in child.tail()
