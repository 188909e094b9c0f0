"""Law 3 at real workers: whatever is shuffled, repeated, killed or joined, `netpol.workload-windows` ends the same.

Compared is the latest revision of each window, all of it but the revision's number: a worker that is killed between
emission and commit may emit once more.
"""

import random
import time
from itertools import pairwise

import pytest
from accounting import assert_accounted, assert_windowed
from stream_world import connections_in, differences, doubled, shuffled, traffic

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
LATENESS_MS = 1_000
KILLS = 10
WINDOWS = 98


@pytest.fixture(scope="module")
def calm(start, fresh_topics, make_world):
    """What one worker makes of the traffic if nothing happens to it."""
    with make_world(fresh_topics()) as world:
        world.worker("one")
        world.publish(traffic(start))
        world.settle()
        account = assert_accounted(world.kafka, connections_in(traffic(start)))
        assert all((account.edges, account.unresolved, account.ignored))
        assert_windowed(world.kafka)
        return world.windows()


@pytest.fixture
def world(kafka, make_world):
    with make_world(kafka) as made:
        yield made


def parts(deliveries, count):
    """The same, cut into equal parts."""
    cuts = [len(deliveries) * number // count for number in range(count + 1)]
    return [deliveries[begin:end] for begin, end in pairwise(cuts)]


def test_the_calm_run_has_seen_all_of_it(calm):
    """Windows of every workload, with and without losses, final and not."""
    assert len(calm) == WINDOWS
    assert {window.complete for window in calm.values()} == {window.final for window in calm.values()} == {True, False}


def test_shuffled_across_nodes_and_doubled(calm, start, world):
    """Each node's own batches keep their order; the nodes' do not, and everything comes twice."""
    world.worker("one")
    world.publish(doubled(shuffled(traffic(start), LATENESS_MS, seed=5), seed=5))
    world.settle()
    assert differences(world.windows(), calm) == {}
    assert_accounted(world.kafka, connections_in(traffic(start)))


# published  |==|==|==|==|==|==|==|==|==|==|==|
# one        --x --x -x ---x --x ...          ----
def test_killed_at_ten_random_points(calm, start, world):
    """SIGKILL at any moment, also while it starts; the next of the same name goes on."""
    chance = random.Random(11)  # noqa: S311  the same points each time
    for part in parts(doubled(shuffled(traffic(start), LATENESS_MS, seed=6), seed=6), KILLS):
        world.publish(part)
        child = world.worker("one", ready=chance.random() < 0.9)
        time.sleep(chance.uniform(0, 0.8))
        child.kill()
    world.worker("one")
    world.settle()
    assert differences(world.windows(), calm) == {}
    assert_accounted(world.kafka, connections_in(traffic(start)))


# published  |=====|=====|=====|=====|
# one        ---------------------------
# two              -----T
# three                        --K
def test_a_second_worker_joins_and_leaves(calm, start, world):
    """It ends in an orderly way, and by SIGKILL; partitions move to and fro, their windows with them."""
    first, *rest = parts(shuffled(traffic(start), LATENESS_MS, seed=7), 5)
    world.worker("one")
    world.publish(first)
    second = world.worker()
    world.publish(rest[0])
    time.sleep(0.3)
    assert second.stop() == 0
    world.publish(rest[1])
    third = world.worker()
    world.publish(rest[2])
    time.sleep(0.3)
    third.kill()
    world.publish(rest[3])
    world.settle()
    assert differences(world.windows(), calm) == {}
    assert_accounted(world.kafka, connections_in(traffic(start)))
