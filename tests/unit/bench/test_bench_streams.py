"""The world and the traffic of the benchmark of streams: repeatable, and what it says it is."""

import pytest


@pytest.fixture
def world():
    from bench.streams.world import Size, World

    return lambda: World(Size(pods=60, workloads=6, nodes=3))


@pytest.fixture
def seen(world):
    from bench.streams.traffic import Traffic
    from bench.streams.world import T0

    def see():
        made = world()
        traffic = Traffic(made, rows=100)
        return [traffic.batch(node, T0) for node in (0, 1, 2, 0)]

    return see


def test_the_same_seed_gives_the_same_cluster_and_traffic(world, seen):
    """Else no two runs could be compared."""
    assert [*world().inventory()] == [*world().inventory()]
    assert seen() == seen()


def test_a_batch_has_its_rows_and_its_number(seen):
    """All distinct edges; a node's batches are numbered from 0."""
    batches = seen()
    assert {len({*batch.rows()}) for batch in batches} == {100}
    assert [(batch.node[:6], batch.sequence) for batch in batches] == [
        ("node-0", 0), ("node-0", 0), ("node-0", 0), ("node-0", 1),
    ]  # fmt: skip


def test_almost_all_of_it_can_be_attributed(world, seen):
    """A world whose traffic is unresolved would measure something else."""
    from streams.directory.directory import Directory
    from streams.edges.answers import Answers
    from streams.edges.enrich import enrich
    from streams.edges.tables import Tables

    directory = Directory(world().inventory())
    for batch in seen():
        made = enrich(batch, Answers(directory, (0, 0), Tables("bench", 1)))
        assert made.used > 0.9 * made.connections


def test_a_replaced_pods_address_goes_to_another_workloads_pod(world):
    """The first object ends a lease, the second begins one with the same address."""
    ended, begun, *_ = world().replaced(1_900_000_000_000)
    assert (ended.deleted, begun.created) == (1_900_000_000_000, 1_900_000_000_000)
    assert ended.body.ips == begun.body.ips
    assert ended.uid != begun.uid


@pytest.mark.parametrize(("part", "value"), [(0.5, 3), (0.99, 4), (0.0, 1)])
def test_a_quantile(part, value):
    """Of sorted values."""
    from bench.streams.latency import quantile

    assert quantile([1, 2, 3, 4], part) == value
    assert quantile([], part) == 0
