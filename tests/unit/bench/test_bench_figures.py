"""The benchmark's arithmetic: a loss can't hide, and a ratio is with the collector / without it."""

import pytest

from schemas.records import Role


@pytest.fixture
def figures():
    from bench.collector import figures

    return figures


def test_everything_published_leaves_nothing_uncounted(figures, seen):
    """Made at both ends, published for both roles."""
    assert figures.uncounted("TCP", {Role.CLIENT: 10, Role.SERVER: 10}, seen(10, 10)) == 0


def test_counted_loss_is_not_uncounted(figures, seen):
    """What the ledger owns up to is missing, but known."""
    assert figures.uncounted("TCP", {Role.CLIENT: 10, Role.SERVER: 10}, seen(7, 9, {"map_full": 4})) == 0


def test_a_loss_that_no_counter_has_is_uncounted(figures, seen):
    """Three are gone and one is owned up to."""
    assert figures.uncounted("TCP", {Role.CLIENT: 10, Role.SERVER: 10}, seen(7, 10, {"map_full": 1})) == 2


def test_a_counter_that_claims_too_much_is_wrong_too(figures, seen):
    """Nothing is gone, and yet a loss is claimed."""
    assert figures.uncounted("TCP", {Role.CLIENT: 10, Role.SERVER: 10}, seen(10, 10, {"map_full": 3})) == 3


def test_one_role_cannot_hide_another(figures, seen):
    """A server's connection taken for a client's is two faults, not none."""
    assert figures.uncounted("TCP", {Role.CLIENT: 10, Role.SERVER: 10}, seen(11, 9)) == 2


def test_an_unknown_role_is_no_substitute(figures, seen):
    """The generator's roles can always be known."""
    assert figures.uncounted("TCP", {Role.CLIENT: 10, Role.SERVER: 10}, seen(9, 10, unknown=1)) == 2


def test_stages_that_count_something_else_do_not_cover_a_loss(figures, seen):
    """A failed scan is no connection."""
    assert figures.uncounted("TCP", {Role.CLIENT: 10, Role.SERVER: 10}, seen(9, 10, {"scan_failed": 1})) == 1


def test_a_ratio_below_one_is_a_cost(figures, made):
    """Half as many under the collector is 0.5; twice the latency is 2."""
    pair = figures.Pair(made(1_000, latency=[(10, 9), (20, 1)]), made(500, latency=[(20, 9), (40, 1)]))
    assert (pair.rate_ratio, pair.latency_ratio(0.5), pair.latency_ratio(0.99)) == (0.5, 2, 2)


@pytest.mark.parametrize(("quantile", "value"), [(0.5, 10), (0.9, 10), (0.91, 20), (0.99, 20), (1.0, 20)])
def test_a_quantile_is_the_least_value_that_so_many_do_not_exceed(figures, quantile, value):
    """Nine of ten took 10 ns, one 20 ns; the order of the buckets is no matter."""
    assert figures.quantile_of(((20, 1), (10, 9)), quantile) == value


def test_no_latency_is_no_figure(figures):
    """An empty histogram has no quantile, and says so."""
    with pytest.raises(ValueError, match="no latency"):
        figures.quantile_of((), 0.5)


def test_bytes_per_edge_come_from_full_batches_only(figures, seen):
    """A heartbeat and a small batch would say more about framing than about edges."""
    assert figures.bytes_per_row(seen(1, 1, batches=[(0, 200), (10, 300), (1_000, 9_000), (900, 9_000)])) == 9.5


def test_without_full_batches_there_is_no_figure(figures, seen):
    """None, rather than one that means something else."""
    assert figures.bytes_per_row(seen(1, 1, batches=[(10, 300)])) is None
