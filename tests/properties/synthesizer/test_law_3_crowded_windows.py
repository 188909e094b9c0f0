"""Laws 1 and 3 for windows that tell external addresses apart by prefixes: the same policy, and all of it admitted."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.records import BatchSource, EdgeColumns, ExternalPeer, Workload, WorkloadEdges
from streams.windows.window import Windows, WindowSpec
from synthesizer import crowds
from synthesizer.evidence import evidence_of, fold, key_of
from synthesizer.options import Options
from synthesizer.suggest import suggest

LENGTH = 10_000
CROWD = 3
SUBJECT = Workload("shop", "Deployment", "web", (("app", "web"),))
NUMBERS = st.one_of(
    st.integers(0x0B000000, 0x0BFFFFFF), st.integers(0xCB007100, 0xCB0071FF), st.integers(0xAC100000, 0xAC1FFFFF)
)
SIGHTINGS = st.tuples(NUMBERS, st.integers(0, 3), st.booleans())


def record(sequence, sightings):
    """One batch: an external client's address, the window it was seen in, and whether it came through."""
    addresses, windows, established = zip(*sightings, strict=True)
    rows = len(sightings)
    columns = EdgeColumns(
        sources=(0,) * rows, workloads=(0,) * rows, peers=tuple(range(rows)), services=(-1,) * rows,
        roles=b"\1" * rows, observed_by=b"\1" * rows, bases=bytes(rows), protocols=bytes(rows),
        established=bytes(established), ports=(443,) * rows, counts=(1,) * rows,
        first_seen=tuple(window * LENGTH for window in windows), last_seen=(1,) * rows,
    )  # fmt: skip
    source = BatchSource("n1", "boot", sequence, 0, 1)
    peers = tuple(ExternalPeer(".".join(str(byte) for byte in number.to_bytes(4, "big"))) for number in addresses)
    return WorkloadEdges("test", (source,), (SUBJECT,), peers, (), columns)


def suggested(records, told_apart, revisions):
    """What is suggested from windows that tell so many addresses apart; each change is folded, or the last only."""
    windows, emitted = Windows("test", WindowSpec(LENGTH, told_apart=told_apart)), []
    for one in records:
        windows.apply(one)
        emitted += windows.changed() if revisions else ()
    known = None
    for window in (*emitted, *windows.finish()):
        known = fold(known, window, crowd=CROWD)
    return suggest(known, Options(exact_limit=2), "web-network")


@given(st.lists(st.lists(SIGHTINGS, min_size=1, max_size=8), min_size=1, max_size=5), st.booleans())
def test_a_window_that_tells_prefixes_apart_changes_no_policy(batches, revisions):
    """Whatever its bound, up to that of the evidence; and the proof finds each observed edge admitted."""
    records = [record(number, sightings) for number, sightings in enumerate(batches)]
    exact = suggested(records, 1_000, revisions=False)
    crowded = suggested(records, CROWD, revisions)
    assert (crowded.policy, crowded.generalisations) == (exact.policy, exact.generalisations)
    assert crowded.proof.admitted == crowded.proof.observed


@given(st.lists(SIGHTINGS, min_size=4, max_size=20), st.randoms())
def test_evidence_of_crowded_windows_does_not_depend_on_their_order(sightings, shuffler):
    windows = Windows("test", WindowSpec(LENGTH, told_apart=CROWD))
    windows.apply(record(0, sightings))
    emitted = list(windows.finish())
    folded = []
    for _ in range(2):
        known = None
        for window in emitted:
            known = fold(known, window, crowd=CROWD)
        folded.append(known)
        shuffler.shuffle(emitted)
    one, other = (suggest(known, Options(exact_limit=2), "web-network") for known in folded)
    assert one == other
    assert evidence_of(one).edges.keys() == evidence_of(other).edges.keys()


@given(st.lists(st.lists(SIGHTINGS, min_size=1, max_size=8), min_size=1, max_size=5), st.sampled_from([CROWD, 1_000]))
def test_what_is_known_is_told_apart_at_its_levels_already(batches, told_apart):
    """After every fold: so it is levelled anew only when a level has become coarser."""
    windows, known = Windows("test", WindowSpec(LENGTH, told_apart=told_apart)), None
    for number, sightings in enumerate(batches):
        windows.apply(record(number, sightings))
        for window in windows.changed():
            known = fold(known, window, crowd=CROWD)
            levels = crowds.levels_of(known.edges.values())
            assert not crowds.coarser(known.edges.values(), levels)
            assert {key_of(edge): edge for edge in crowds.at_levels(known.edges.values(), levels)} == known.edges
