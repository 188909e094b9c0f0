"""Workloads that are gone for good, on the real Kafka: tombstone and file, also if the program is killed meanwhile."""

import time

import pytest
from audited import deployment_object, pod_object
from shop import deployment, shop
from waiting import wait_until

from schemas.records import now_ms
from schemas.topics import POLICY_SUGGESTIONS
from synthesizer.offline import suggestions_of

pytestmark = pytest.mark.kafka

GONE = deployment(1)
OTHERS = [deployment(number) for number in (0, 2, 3)]


def here(*workloads):
    """Their objects."""
    return [item for one in workloads for item in (deployment_object(one), pod_object(one))]


def closed(workload):
    """Its objects, deleted a while ago."""
    return [deployment_object(workload, deleted=now_ms() - 5_000), pod_object(workload, deleted=now_ms() - 4_000)]


def expected_files(windows):
    made = suggestions_of(windows)
    return {f"{one.workload.namespace}/{one.policy_name}.yaml": one.policy for one in made if one.policy}


def left(windows):
    """Without the workload that went."""
    return expected_files([one for one in windows if one.workload != GONE])


def test_a_workload_that_is_gone_takes_its_suggestion_and_its_file(bench):
    """Others stay, and a file that somebody else wrote; after a restart it is as it was."""
    windows = shop(workloads=4, windows=1)
    bench.inventory(*here(GONE, *OTHERS))
    child = bench.start(gone_after=2)
    bench.send(windows)
    wait_until(lambda: bench.files() == expected_files(windows))
    (bench.output / "shop" / "mine.yaml").write_text("kind: Mine\n")
    mine = {"shop/mine.yaml": "kind: Mine\n"}
    bench.inventory(*closed(GONE))
    wait_until(lambda: GONE.ref not in bench.suggestions())
    assert bench.files() == left(windows) | mine
    assert [value for key, value in bench.records(POLICY_SUGGESTIONS) if key == b"test/shop/Deployment/w1"][-1] is None
    assert child.stop() == 0
    before = bench.records(POLICY_SUGGESTIONS)
    child = bench.start(gone_after=2)
    assert bench.files() == left(windows) | mine
    bench.inventory(*here(GONE))
    bench.send([one for one in shop(workloads=4, windows=2)[4:] if one.workload == GONE])
    wait_until(lambda: GONE.ref in bench.suggestions())
    assert {one.first_seen for one in bench.suggestions()[GONE.ref].evidence} == {300_000}
    assert child.stop() == 0
    assert len(bench.records(POLICY_SUGGESTIONS)) == len(before) + 1


def test_a_stale_inventory_takes_nothing(bench):
    """Its last heartbeat is two minutes old."""
    windows = shop(workloads=4, windows=1)
    bench.inventory(*here(*OTHERS), *closed(GONE), time=now_ms() - 120_000)
    child = bench.start(gone_after=0)
    bench.send(windows)
    wait_until(lambda: bench.files() == expected_files(windows))
    time.sleep(5)
    assert bench.files() == expected_files(windows)
    bench.inventory()
    wait_until(lambda: bench.files() == left(windows))
    assert child.stop() == 0


def test_killed_while_it_takes_leave_it_ends_in_the_same_state(bench):
    """File first, then topic: whoever is killed in between does both again."""
    windows = shop(workloads=4, windows=1)
    bench.inventory(*here(*OTHERS), *closed(GONE))
    child = bench.start(gone_after=3600)
    bench.send(windows)
    wait_until(lambda: bench.files() == expected_files(windows))
    assert child.stop() == 0
    for moment in (1.9, 2.0, 2.1):
        bench.inventory()
        child = bench.start(gone_after=0)
        time.sleep(moment)
        child.kill()
    bench.inventory()
    child = bench.start(gone_after=0)
    wait_until(lambda: GONE.ref not in bench.suggestions())
    assert bench.files() == left(windows)
    assert child.stop() == 0


def test_a_directory_that_cannot_be_written_keeps_the_suggestion_until_it_can(bench):
    """The topic never says that a workload is gone whose file is still there."""
    windows = shop(workloads=4, windows=1)
    bench.inventory(*here(GONE, *OTHERS))
    child = bench.start(gone_after=1)
    bench.send(windows)
    wait_until(lambda: bench.files() == expected_files(windows))
    namespace = bench.output / "shop"
    namespace.rename(bench.output / "aside")
    namespace.write_text("in the way")
    bench.inventory(*closed(GONE))
    child.wait_for("Trying again", 30)
    assert GONE.ref in bench.suggestions()
    namespace.unlink()
    (bench.output / "aside").rename(namespace)
    wait_until(lambda: GONE.ref not in bench.suggestions())
    assert bench.files() == left(windows)
    assert child.stop() == 0
