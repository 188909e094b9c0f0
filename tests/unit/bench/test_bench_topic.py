"""What the benchmark finds in the batches of a collector."""

from dataclasses import replace

import pytest

from schemas.records import Basis, Connection, ConnectionBatch, Connections, Protocol, Role

OURS = Connection(
    Role.CLIENT, Basis.CONNECT, Protocol.TCP, bytes([10, 201, 0, 1]), bytes([10, 202, 0, 1]), 8000,
    established=True, count=3, first_seen=0, last_seen=0,
)  # fmt: skip


def batch(sequence, *rows, losses=()):
    return ConnectionBatch("c", "n", "b", sequence, 0, 1, Connections.of(rows, 0), losses=losses)


@pytest.fixture
def seen():
    from bench.collector.segments import Stored
    from bench.collector.topic import seen

    def of(*batches):
        by_offset = dict(enumerate(batches))
        return seen(by_offset, [Stored(offset, offset, 100) for offset in by_offset])

    return of


def test_counts_add_up_by_protocol_and_role(seen):
    """Over all batches of the collector's life."""
    other = replace(OURS, role=Role.SERVER, protocol=Protocol.UDP, count=5)
    assert seen(batch(0, OURS, OURS), batch(1, OURS, other)).counts == {
        ("TCP", Role.CLIENT): 9,
        ("UDP", Role.SERVER): 5,
    }


def test_others_connections_and_attempts_are_not_the_generators(seen):
    """A scan may report the machine's own sockets; an attempt is no connection."""
    foreign = replace(OURS, local_address=bytes([10, 96, 0, 1]))
    assert seen(batch(0, foreign, replace(OURS, established=False))).counts == {}


def test_the_ledger_is_cumulative_so_the_last_batch_has_it(seen):
    """Whatever the order in which batches were kept."""
    found = seen(batch(1, losses=(("map_full", 7),)), batch(0, losses=(("map_full", 2),)))
    assert (found.losses, found.lost, found.gap) == ({"map_full": 7}, 7, 0)


def test_a_missing_sequence_number_is_a_gap(seen):
    """A lost batch is no counted loss."""
    assert seen(batch(0), batch(3)).gap == 2
