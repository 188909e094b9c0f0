"""Several synthesizers share the partitions: whoever comes, goes or is killed, the end is that of one alone."""

import time

import pytest
from audited import Program, Topics, world_of
from shop import shop
from waiting import wait_until

from schemas.topics import POLICY_SUGGESTIONS, partition_of
from synthesizer.evidence import fold_all
from synthesizer.offline import suggestions_of

pytestmark = pytest.mark.kafka


def expected(windows):
    """Suggestions and violations of one alone, undisturbed."""
    topics = Topics()
    program = Program(topics, world_of())
    for one in windows:
        program.fold(one)
    program.tell()
    policies = {one.workload.ref: one.policy for one in suggestions_of(windows)}
    return policies, {key: (one.edge, one.suggested) for key, one in topics.standing().items()}


def found(bench):
    """What is in the topics."""
    return (
        {ref: one.policy for ref, one in bench.suggestions().items()},
        {key: (one.edge, one.suggested) for key, one in bench.standing().items()},
    )


def test_a_second_takes_over_a_part_and_gives_it_back(bench):
    """One starts, another comes, the first is killed and comes again; windows go on all the while."""
    windows = shop(workloads=30, windows=8)
    parts = [windows[start : start + 60] for start in range(0, len(windows), 60)]
    first = bench.start(batch=7, worker="one")
    bench.send(parts[0])
    second = bench.start(batch=7, worker="two")
    assert "partitions [0, 1]" in first.log.read_text()
    bench.send(parts[1])
    wait_until(lambda: len(bench.suggestions()) == 30)
    first.kill()
    bench.send(parts[2])
    first = bench.start(batch=7, worker="one")
    bench.send(parts[3])
    wait_until(lambda: found(bench) == expected(windows), 60)
    evidence = fold_all(windows)
    for ref, one in bench.suggestions().items():
        assert set(one.evidence) == set(evidence[ref].edges.values()), ref
    assert second.stop() == 0
    assert first.stop() == 0


def test_a_member_that_leaves_hands_over_at_once_what_it_folded(bench):
    """Nobody folds what another has, so nobody publishes less than is known."""
    windows = shop(workloads=20, windows=6)
    first, second = bench.start(worker=""), bench.start(worker="")
    bench.send(windows[:60])
    wait_until(lambda: len(bench.suggestions()) == 20)
    assert first.stop() == 0
    bench.send(windows[60:])
    wait_until(lambda: found(bench) == expected(windows), 60)
    by_key = {}
    for key, value in bench.records(POLICY_SUGGESTIONS):
        by_key.setdefault(key, []).append(value)
    assert len(by_key) == 20
    assert second.stop() == 0


def test_what_a_member_that_was_taken_for_dead_still_writes_is_written_over(bench):
    """Less than is known, or a tombstone: the owner has the last word, and says it once."""
    windows = shop(workloads=4, windows=3)
    child = bench.start()
    bench.send(windows[:4])
    wait_until(lambda: len(bench.suggestions()) == 4)
    known = bench.suggestions()
    ref = next(ref for ref in known if partition_of("test", ref, 2) == 0)
    key = f"test/{ref}".encode()
    early = next(value for one, value in bench.records(POLICY_SUGGESTIONS) if one == key)
    bench.send(windows[4:])
    wait_until(lambda: found(bench) == expected(windows))
    known = bench.suggestions()
    for spoilt in (early, None):
        before = len(bench.records(POLICY_SUGGESTIONS))
        bench.send_raw(POLICY_SUGGESTIONS, spoilt, key)
        wait_until(lambda before=before: len(bench.records(POLICY_SUGGESTIONS)) == before + 2)
        assert bench.suggestions() == known
    time.sleep(2)
    assert len(bench.records(POLICY_SUGGESTIONS)) == before + 2
    assert child.stop() == 0
