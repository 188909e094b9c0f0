"""Law 3 for external addresses: the level, the prefixes, counts and estimate depend on the set of addresses alone."""

from dataclasses import replace

from cluster_objects import T0
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import BatchSource, EdgeColumns, ExternalPeer, Workload, WorkloadEdges
from streams.windows.window import Windows, WindowSpec

SPEC = WindowSpec(10_000, told_apart=3)
WEB = Workload("demo", "Deployment", "web", (("app", "web"),))
V4 = st.one_of(
    st.integers(0x0B000000, 0xDFFFFFFF), st.integers(0xCB007100, 0xCB0071FF), st.integers(0xAC0F0000, 0xAC200000)
)
V6 = st.integers(0x2001 << 112, 0x20020000 << 96).map(lambda number: f"{number:032x}")
V4_TEXT = V4.map(lambda number: ".".join(str(byte) for byte in number.to_bytes(4, "big")))
ADDRESSES = st.one_of(
    V4_TEXT,
    V4_TEXT,
    V6.map(lambda digits: ":".join(digits[start : start + 4] for start in range(0, 32, 4))),
    st.sampled_from(("169.254.169.254", "fd00:ec2::254", "10.0.0.1", "10.99.0.1")),
)
SIGHTINGS = st.tuples(
    ADDRESSES,
    st.sampled_from((True, True, False)),
    st.integers(1, 5),
    st.integers(0, 9_000),
    st.sampled_from((443, 443, 80)),
)


def record(sequence, sightings):
    """One batch of the web's clients: address, whether it came through, how often, when, and the port."""
    addresses, established, counts, times, ports = zip(*sightings, strict=True)
    rows = len(sightings)
    columns = EdgeColumns(
        sources=(0,) * rows, workloads=(0,) * rows, peers=tuple(range(rows)), services=(-1,) * rows,
        roles=b"\1" * rows, observed_by=b"\1" * rows, bases=bytes(one % 2 for one in counts), protocols=bytes(rows),
        established=bytes(established), ports=ports, counts=counts, first_seen=tuple(T0 + at for at in times),
        last_seen=(1,) * rows,
    )  # fmt: skip
    source = BatchSource("n1", "boot", sequence, T0, T0 + 1_000)
    return WorkloadEdges("test", (source,), (WEB,), tuple(map(ExternalPeer, addresses)), (), columns)


def told(batches, restarts=frozenset()):
    """The last revision of the one window; a restart goes on from what was emitted."""
    made, emitted = Windows("test", SPEC), ()
    for number, sightings in enumerate(batches):
        made.apply(record(number, sightings))
        emitted = made.changed()
        if number in restarts:
            made = Windows("test", SPEC)
            made.restore(emitted)
    (window,) = emitted
    return replace(window, revision=0, sources=())


@settings(deadline=None)
@given(st.lists(SIGHTINGS, min_size=10, max_size=40), st.data())
def test_neither_order_nor_cuts_nor_restarts_matter(sightings, data):
    """All at once, against shuffled, cut into batches and restarted after some of them."""
    shuffled = data.draw(st.permutations(sightings))
    size = data.draw(st.integers(1, 8))
    batches = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    restarts = data.draw(st.frozensets(st.integers(0, len(batches))))
    assert told(batches, restarts) == told([sightings])


@settings(deadline=None)
@given(st.lists(SIGHTINGS, min_size=1, max_size=40))
def test_no_connection_is_lost_and_no_more_members_are_told_apart(sightings):
    """Counts of edges are counts of sightings; each level holds as many members as may be, or is the last."""
    window = told([sightings])
    assert sum(edge.count for edge in window.edges) == sum(count for _, ok, count, _, _ in sightings if ok)
    assert sum(edge.attempts for edge in window.edges) == sum(count for _, ok, count, _, _ in sightings if not ok)
    assert all(crowd.bits for crowd in window.crowds)
