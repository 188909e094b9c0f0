"""A batch enriched before a kill and again after it, when the inventory has moved on: no connection is lost or doubled.

    before the kill    p0 p1 -  -      answers of the inventory as it was
    after it           p0 p1 p2 p3     answers of the inventory as it is; p0 and p1 know the batch already

Each partition keeps the first answer it is given. A connection is counted at the pod that the collector named, and
whose that is does not change, so whichever answers meet, it is counted once. What may differ is what the other end is
told.
"""

import random

from accounting import balance, batch_of
from cluster_objects import CLUSTER, T0
from enriching import records_of
from hypothesis import given, settings
from hypothesis import strategies as st
from stream_world import inventory, moved_on, traffic

from streams.directory.directory import Directory

PARTITIONS = 4
BATCHES = [one.batch for one in traffic(T0)]
MADE = {batch_of(CLUSTER, batch): sum(batch.connections.counts) for batch in BATCHES}
CHANGES = moved_on(T0)


def answers():
    """What the batches are enriched to as the inventory moves on: answers[changes][batch][partition]."""
    found = []
    for count in range(len(CHANGES) + 1):
        directory = Directory(inventory())
        for change in CHANGES[:count]:
            if isinstance(change, str):
                directory.remove(change)
            else:
                directory.apply(change)
        found.append([records_of(directory, batch, partitions=PARTITIONS) for batch in BATCHES])
    return found


ANSWERS = answers()
MOMENTS = st.integers(0, len(CHANGES))


def test_the_inventory_moves_on_enough_to_change_answers():
    """Otherwise the law below says nothing."""
    different = sum(one != other for one, other in zip(ANSWERS[0], ANSWERS[-1], strict=True))
    assert different > len(BATCHES) // 4


@settings(max_examples=60, deadline=None)
@given(MOMENTS, MOMENTS, st.integers(0, 1 << 30))
def test_whichever_answer_each_partition_was_given_first(before, after, seed):
    chance = random.Random(seed)  # noqa: S311  hypothesis drew it
    told = [[] for _ in range(PARTITIONS)]
    for first, second in zip(ANSWERS[before], ANSWERS[after], strict=True):
        for partition in range(PARTITIONS):
            told[partition] += [first[partition]] * chance.randrange(2) + [second[partition]]
    account = balance(MADE, told, {})
    assert account.missing == {}
    assert account.unheard == set()
