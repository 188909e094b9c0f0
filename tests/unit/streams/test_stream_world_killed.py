"""The small cluster's traffic through one partition's windows, killed in the middle of many an emission: no difference.

step       1      2      3
emitted    all    half   -      killed in step 2: what was emitted and what was heard before it is read back
committed  yes    no     -      and step 2 comes again, cut otherwise
"""

import random
from dataclasses import replace

import pytest
from accounting import latest
from cluster_objects import CLUSTER, T0
from enriching import record_of
from stream_world import differences, doubled, inventory, shuffled, traffic

from streams.directory.directory import Directory
from streams.windows.window import Windows, WindowSpec

DIRECTORY = Directory(inventory())
TRAFFIC = traffic(T0)
LATENESS, KEPT, SHORTLY_KEPT = 1_000, 900_000, 6_000


def record(deliveries):
    return record_of(DIRECTORY, *(one.batch for one in deliveries))


def records(deliveries, chance):
    """The batches, up to a dozen in a record."""
    made = []
    while deliveries:
        count = chance.randint(1, 12)
        made.append(record(deliveries[:count]))
        deliveries = deliveries[count:]
    return made


def windows(told, retention, kills=0.0, chance=None):
    """The latest revision of each window; each step is killed with this probability, its emission at any place."""
    spec = WindowSpec(2_000, lateness=LATENESS, retention=retention)
    made, emitted, committed = Windows(CLUSTER, spec), [], 0
    while committed < len(told):
        step = told[committed : committed + (chance.randint(1, 3) if chance else 1)]
        for one in step:
            made.apply(one)
        changed = made.changed()
        if kills and chance.random() < kills:
            emitted += changed[: chance.randint(0, len(changed))]
            made = Windows(CLUSTER, spec)
            made.restore(emitted, [source for one in told[:committed] for source in one.sources])
            continue
        emitted += changed
        committed += len(step)
    return {place: replace(window, revision=0) for place, window in latest(emitted).items()}


CALM = windows([record([one]) for one in TRAFFIC], KEPT)


@pytest.mark.parametrize("retention", [KEPT, SHORTLY_KEPT])
@pytest.mark.parametrize("seed", range(6))
def test_shuffled_doubled_and_killed(seed, retention):
    """Edges, counts, reasons, what only one end saw: all of it is what the calm run says."""
    chance = random.Random(seed)  # noqa: S311  the same each time
    order = shuffled(TRAFFIC, LATENESS, seed)
    told = records(doubled(order, seed) if seed % 2 else order, chance)
    assert differences(windows(told, retention, 0.2, chance), CALM) == {}
