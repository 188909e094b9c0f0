"""External addresses of one window: told apart while few, by prefixes when many, at a fixed cost for any number."""

import tracemalloc

import pytest
from cluster_objects import T0

from schemas.codec import codec
from schemas.records import BatchSource, EdgeColumns, ExternalPeer, Role, Workload, WorkloadEdges, WorkloadWindow
from streams.windows.window import Windows, WindowSpec

SPEC = WindowSpec(10_000, lateness=5_000, retention=20_000, told_apart=4)
WEB = Workload("demo", "Deployment", "web", (("app", "web"),))


def record(addresses, sequence=0, *, established=True, port=443):
    """Clients of the web at T0, one connection each."""
    rows = len(addresses)
    columns = EdgeColumns(
        sources=(0,) * rows, workloads=(0,) * rows, peers=tuple(range(rows)), services=(-1,) * rows,
        roles=b"\1" * rows, observed_by=b"\1" * rows, bases=bytes(rows), protocols=bytes(rows),
        established=bytes([established]) * rows, ports=(port,) * rows, counts=(1,) * rows,
        first_seen=(T0,) * rows, last_seen=(1,) * rows,
    )  # fmt: skip
    source = BatchSource("n1", "boot", sequence, T0, T0 + 1_000)
    return WorkloadEdges("test", (source,), (WEB,), tuple(map(ExternalPeer, addresses)), (), columns)


def window(*records, spec=SPEC):
    made = Windows("test", spec)
    for one in records:
        made.apply(one)
    (emitted,) = made.changed()
    return emitted


def peers(found):
    return [(edge.peer.address, edge.peer.bits, edge.count, edge.attempts) for edge in found.edges]


def near(count, network="203.0.113"):
    return [f"{network}.{number}" for number in range(1, count + 1)]


def test_few_are_told_apart():
    found = window(record(near(4)))
    assert (peers(found), found.crowds) == ([(address, 0, 1, 0) for address in near(4)], ())


def test_more_become_prefixes_with_counts_and_an_estimate():
    """The finest level at which they are few enough; the address is the lowest one seen."""
    found = window(record([*near(3), *near(2, "198.51.100")]))
    assert peers(found) == [("198.51.100.1", 24, 2, 0), ("203.0.113.1", 24, 3, 0)]
    (crowd,) = found.crowds
    assert (crowd.role, crowd.port, crowd.bits, crowd.established, crowd.addresses) == (Role.SERVER, 443, 24, True, 5)


def test_ports_and_families_and_private_ranges_are_bounded_apart():
    public, private, v6 = near(4), near(4, "10.0.0"), [f"2001:db8::{number}" for number in range(4)]
    found = window(record(public), record(private, 1), record(v6, 2), record(near(2), 3, port=80))
    assert {edge.peer.bits for edge in found.edges} == {0}
    assert len(found.edges) == 14


def test_a_prefix_is_never_wider_than_its_private_range():
    found = window(record([f"172.{16 + number}.0.1" for number in range(8)] + near(5, "192.168.0")))
    assert {(edge.peer.address, edge.peer.bits) for edge in found.edges} == {("172.16.0.1", 12), ("192.168.0.1", 12)}


def test_whoever_scans_does_not_blur_who_connects():
    """Attempts have prefixes of their own, which keep their counts alone."""
    found = window(record(["203.0.113.77"]), record([*near(9), "203.0.113.77"], 1, established=False))
    assert peers(found) == [("203.0.113.0", 24, 0, 10), ("203.0.113.77", 0, 1, 0)]


def test_established_and_attempted_alike_are_one_edge():
    found = window(record(["203.0.113.77"]), record(["203.0.113.77"], 1, established=False))
    assert peers(found) == [("203.0.113.77", 0, 1, 1)]


@pytest.mark.parametrize("metadata", ["169.254.169.254", "fd00:ec2::254"])
def test_c37_the_metadata_address_is_never_part_of_a_prefix(metadata):
    found = window(record([metadata, *near(9, "169.254.169")]))
    assert (metadata, 0, 1, 0) in peers(found)


def test_a_flood_of_clients_costs_a_fixed_amount():
    """Neither memory nor record grows from twelve thousand addresses to fifty thousand."""
    spec = WindowSpec(10_000)
    sizes, memory = [], []
    made = Windows("test", spec)
    tracemalloc.start()
    try:
        for sequence in range(25):
            made.apply(record(_spread(sequence * 2_000, 2_000), sequence))
            if sequence in (5, 24):
                (emitted,) = made.changed()
                sizes.append(len(codec(WorkloadWindow).encode(emitted)))
                memory.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(sizes) < 30_000
    assert memory[1] < memory[0] * 1.5
    assert len(emitted.edges) <= 256
    assert sum(edge.count for edge in emitted.edges) == 50_000
    assert emitted.crowds[0].addresses == pytest.approx(50_000, rel=0.1)


def _spread(first, count):
    """Addresses of the internet, far apart."""
    return [_address(number) for number in range(first, first + count)]


def _address(number):
    return f"{number % 64 + 11}.{number >> 8 & 255}.{number & 255}.{number >> 16}"
