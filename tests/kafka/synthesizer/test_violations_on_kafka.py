"""Violations on the real Kafka: the same stand after any kill, and each knows its policies in force."""

import time

import pytest
from audited import Program, Topics, policy_object, world_of
from shop import shop
from waiting import wait_until

from schemas.topics import POLICY_VIOLATIONS, partition_of

pytestmark = pytest.mark.kafka

DENY_INGRESS = policy_object("shop", "no-ingress", {"podSelector": {}, "policyTypes": ["Ingress"]})


def expected(windows, *objects):
    """What stands after a calm run."""
    topics = Topics()
    program = Program(topics, world_of(*objects))
    for one in windows:
        program.fold(one)
    program.tell()
    return topics.standing()


def test_a_policy_in_force_and_the_suggestion_of_the_time_before_refuse(bench):
    """Both verdicts are there, in the partition of the workload's windows; started again, nothing more is written."""
    windows = shop(workloads=6, windows=3)
    bench.inventory(DENY_INGRESS)
    child = bench.start()
    bench.send(windows)
    wanted = expected(windows, DENY_INGRESS)
    assert {one.deployed.policy for one in wanted.values()} == {"", "no-ingress"}
    assert {one.suggested.allowed for one in wanted.values()} == {True, False}
    wait_until(lambda: bench.standing() == wanted)
    assert child.stop() == 0
    before = bench.records(POLICY_VIOLATIONS)
    assert all(partition_of("test", one.workload.ref, 2) in (0, 1) for one in bench.violations())
    child = bench.start()
    bench.send(windows[-6:])
    bench.send([windows[0]])
    time.sleep(2)
    assert child.stop() == 0
    assert bench.records(POLICY_VIOLATIONS) == before


def test_killed_at_any_moment_the_same_violations_stand(bench):
    """Small batches and kill -9 in the middle, several times; then as if nothing had been."""
    windows = shop(workloads=30, windows=6)
    bench.inventory(DENY_INGRESS)
    bench.send(windows[:100])
    for moment in (0.05, 0.2, 0.4):
        child = bench.start(batch=3)
        time.sleep(moment)
        child.kill()
    bench.send(windows[100:])
    child = bench.start()
    wanted = expected(windows, DENY_INGRESS)
    wait_until(lambda: bench.standing() == wanted)
    assert child.stop() == 0


def test_a_policy_that_comes_while_it_runs_counts_from_then_on(bench):
    """The inventory is followed, not only read."""
    windows = shop(workloads=2, windows=2)
    bench.inventory()
    child = bench.start()
    bench.send(windows[:2])
    wait_until(lambda: len(bench.suggestions()) == 2)
    assert not bench.violations()
    bench.inventory(DENY_INGRESS)
    time.sleep(1)
    bench.send(windows[2:])
    wait_until(lambda: any(one.deployed.policy == "no-ingress" for one in bench.violations()))
    assert child.stop() == 0


def test_without_an_inventory_the_suggestion_alone_refuses(bench):
    """That is said."""
    windows = shop(workloads=6, windows=2)
    child = bench.start()
    bench.send(windows)
    wait_until(bench.violations)
    assert all("policies in force are not known" in one.deployed.rule for one in bench.violations())
    assert child.stop() == 0
