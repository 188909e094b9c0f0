"""What the tests of the benchmarks share: loads made by hand, and a way to `bench`, which is not installed."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # `bench` is run from the checkout and no part of the distribution


@pytest.fixture
def made():
    """Makes what a generator says it made."""
    from bench.collector.load import Made

    def make(count=1_000, seconds=1.0, latency=((10, 1),), accepted=None):
        return Made(count, count if accepted is None else accepted, 0, count, seconds, seconds, tuple(latency))

    return make


@pytest.fixture
def seen():
    """Makes what came out of the topic."""
    from bench.collector.topic import Reported, Seen
    from schemas.records import Role

    def make(client, server, lost=None, batches=((1, 1),), unknown=0):
        counts = {("TCP", Role.CLIENT): client, ("TCP", Role.SERVER): server, ("TCP", Role.UNKNOWN): unknown}
        return Seen(counts, lost or {}, tuple(Reported(rows, size) for rows, size in batches), gap=0)

    return make
