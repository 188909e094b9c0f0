"""The spool keeps the order over memory and files, keeps its limits, and says what it gives up."""

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.spool import Held, Keep, Spool, SpoolLimits
from collector.spool_files import BrokenFile, Outgoing, SpoolFile

BLOCK = 4096


def _batch(number, size=100):
    return Outgoing(f"{number}", bytes(size), 1)


def _fill(spool, count, size=100, start=0):
    return [loss for number in range(start, start + count) for loss in spool.put(_batch(number, size), None)]


def _drain(spool):
    """Hands over and lets go everything; the keys in the order of handing over."""
    keys = []
    while (waiting := spool.head()) is not None:
        keys.append(int(spool.read(waiting).key))
        spool.hand_over()
        spool.let_go(waiting.number)
    return keys


def _losses(losses):
    return [(loss.stage, loss.connections) for loss in losses]


@pytest.fixture
def limits(tmp_path):
    """Limits with a directory: three batches of 100 bytes in memory and four in files by default."""

    def make(memory=300, files=4 * BLOCK, keep=Keep.OLDEST):
        return SpoolLimits(memory, tmp_path / "spool", files, keep)

    return make


def _crash(spool):
    spool._directory.close()  # as the kernel does


def test_a_moment_is_in_memory_then_all_goes_to_files_until_they_are_sent(limits):
    """What is in memory is always newer than what is in files, and the order is one."""
    spool = Spool(limits(files=100 * BLOCK))
    assert _fill(spool, 3) == []
    assert (spool.in_memory, spool.in_files) == (Held(3, 300), Held())
    assert _fill(spool, 1, start=3) == []
    assert (spool.in_memory, spool.in_files) == (Held(), Held(4, 4 * BLOCK))
    first = spool.head()
    spool.hand_over()
    spool.let_go(first.number)
    assert _fill(spool, 1, start=4) == []
    assert (spool.in_memory, spool.in_files) == (Held(), Held(4, 4 * BLOCK))
    assert _drain(spool) == [1, 2, 3, 4]
    assert (len(spool), spool.in_memory, spool.in_files) == (0, Held(), Held())
    assert _fill(spool, 1, start=5) == []
    assert spool.in_memory == Held(1, 100)


@pytest.mark.parametrize("waiting", [1, 3, 4, 20])
def test_a_crash_loses_a_moment_at_most_and_leaves_no_hole(limits, waiting):
    """However much room memory has, and also if Kafka's client has some of them."""
    crashed = Spool(limits(memory=100_000, files=100 * BLOCK))
    for number in range(waiting):
        assert _fill(crashed, 1, start=number) == []
        if number < 16:
            crashed.hand_over()
    _crash(crashed)
    assert _drain(Spool(limits())) == ([] if waiting <= 3 else list(range(waiting)))


def test_what_is_on_its_way_may_go_to_a_file_meanwhile(limits, tmp_path):
    """Its acknowledgement lets go the file."""
    spool = Spool(limits(files=100 * BLOCK))
    _fill(spool, 2)
    numbers = [spool.head().number]
    spool.hand_over()
    _fill(spool, 2, start=2)
    assert spool.on_the_way == Held(1, BLOCK)
    spool.let_go(numbers[0])
    assert (spool.on_the_way, spool.in_files) == (Held(), Held(3, 3 * BLOCK))
    assert len(list((tmp_path / "spool").glob("*.batch"))) == 3
    assert _drain(spool) == [1, 2, 3]


def test_memory_takes_what_a_full_directory_cannot(limits):
    """Nothing is given up while there is room somewhere; what comes to memory goes to files when they have room."""
    spool = Spool(limits(memory=100_000, files=2 * BLOCK))
    assert _fill(spool, 20) == []
    assert (spool.in_memory.batches, spool.in_files.batches) == (18, 2)
    first = spool.head()
    spool.hand_over()
    spool.let_go(first.number)
    assert _fill(spool, 1, start=20) == []
    assert (spool.in_memory.batches, spool.in_files.batches) == (18, 2)
    assert _drain(spool) == list(range(1, 21))


@pytest.mark.parametrize(("keep", "left"), [(Keep.OLDEST, range(7)), (Keep.NEWEST, range(3, 10))])
def test_a_full_spool_keeps_the_oldest_or_the_newest(limits, keep, left):
    """Seven have room; three of ten are counted."""
    spool = Spool(limits(keep=keep))
    assert _losses(_fill(spool, 10)) == [("spool_full", 1)] * 3
    assert _drain(spool) == list(left)


def test_without_a_directory_memory_is_all(tmp_path):
    """The same choice."""
    spool = Spool(SpoolLimits(300, keep=Keep.NEWEST))
    assert _losses(_fill(spool, 5)) == [("spool_full", 1)] * 2
    assert _drain(spool) == [2, 3, 4]
    assert list(tmp_path.iterdir()) == []


def test_what_is_on_its_way_is_never_dropped(limits):
    """It may have been delivered; then the newest has no room."""
    spool = Spool(limits(files=0, keep=Keep.NEWEST))
    _fill(spool, 3)
    for _ in range(3):
        spool.hand_over()
    assert _losses(_fill(spool, 1, start=3)) == [("spool_full", 1)]
    spool.take_back()
    assert _drain(spool) == [0, 1, 2]


def test_what_is_taken_back_has_its_old_place(limits):
    """Before what was never handed over."""
    spool = Spool(limits())
    _fill(spool, 5)
    for _ in range(3):
        spool.hand_over()
    assert spool.on_the_way == Held(3, 3 * BLOCK)
    spool.take_back()
    assert spool.on_the_way == Held()
    assert _drain(spool) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("keep", "left"), [(Keep.OLDEST, [0, 1, 2, 3]), (Keep.NEWEST, [1, 2, 3, 4])])
def test_an_end_keeps_what_is_in_memory_for_the_next_start(limits, keep, left):
    """In the order of all; what has no room is told, by the same choice."""
    spool = Spool(limits(keep=keep))
    _fill(spool, 5)
    spool.hand_over()
    assert spool.close() == (4, 1)
    assert _drain(Spool(limits())) == left


def test_an_end_without_a_directory_loses_all_of_it():
    """And says how much."""
    spool = Spool(SpoolLimits(300))
    _fill(spool, 2)
    assert spool.close() == (0, 2)


def test_what_a_start_finds_comes_first(limits):
    """The numbers go on, over any number of starts."""
    for start in range(3):
        spool = Spool(limits(memory=1_000, files=100 * BLOCK))
        _fill(spool, 2, start=2 * start)
        spool.close()
    spool = Spool(limits(files=100 * BLOCK))
    assert _fill(spool, 1, start=6) == []
    assert _drain(spool) == list(range(7))


def test_a_crash_leaves_the_files(limits):
    """In order; an acknowledged one is gone."""
    crashed = Spool(limits())
    _fill(crashed, 4)
    for number in (1, 2):
        crashed.hand_over()
        crashed.let_go(number)
    _crash(crashed)
    assert _drain(Spool(limits())) == [2, 3]


def test_a_broken_file_is_counted_and_set_aside(limits, tmp_path):
    """By the number of connections in its name; its room is free again, the rest goes on."""
    spool = Spool(limits())
    _fill(spool, 4)
    for path in sorted((tmp_path / "spool").glob("*.batch"))[1:2]:
        path.write_bytes(path.read_bytes()[:-1])
    spool.hand_over()
    broken = spool.head()
    assert isinstance(broken.place, SpoolFile)
    with pytest.raises(BrokenFile) as raised:
        spool.read(broken)
    assert _losses([spool.skip(raised.value)]) == [("spool_broken", 1)]
    assert spool.in_files == Held(3, 3 * BLOCK)
    assert _drain(spool) == [2, 3]
    assert [path.name for path in (tmp_path / "spool").glob("*.broken")] == [f"{broken.place.name}.broken"]


@pytest.fixture(params=[errno.ENOSPC, errno.EROFS])
def failing_disk(request, monkeypatch):
    """From the call on no file can be written."""

    def fail(_descriptor):
        raise OSError(request.param, os.strerror(request.param))

    return lambda: monkeypatch.setattr(os, "fsync", fail)


def test_a_disk_that_fails_later_is_a_counted_loss(limits, failing_disk):
    """The batch that has no other place is lost, what waits is not."""
    spool = Spool(limits(keep=Keep.NEWEST))
    _fill(spool, 3)
    failing_disk()
    assert _losses(_fill(spool, 2, start=3)) == [("spool_failed", 1)] * 2
    assert _drain(spool) == [0, 1, 2]


def test_memory_takes_what_a_failing_disk_cannot(limits, failing_disk, tmp_path):
    """Nothing is given up while there is room somewhere, and no half file stays."""
    spool = Spool(limits(memory=100_000))
    _fill(spool, 3)
    failing_disk()
    assert _fill(spool, 5, start=3) == []
    assert (spool.in_memory.batches, spool.in_files) == (8, Held())
    assert [path.name for path in (tmp_path / "spool").iterdir()] == [".lock"]
    assert _drain(spool) == list(range(8))


def test_a_record_of_any_size_has_room_in_an_empty_spool(limits):
    """Or it could never be sent."""
    assert Spool(limits(memory=1)).put(_batch(0, size=10_000), None) == []


@given(
    keep=st.sampled_from(Keep),
    steps=st.lists(st.one_of(st.integers(1, 200), st.sampled_from(["send", "let go", "take back"])), max_size=60),
)
def test_whatever_happens_the_order_is_kept_and_all_is_counted(tmp_path_factory, keep, steps):
    """Put = sent + lost + waiting; the limits hold; keys only grow, except after taking back."""
    limits = SpoolLimits(500, tmp_path_factory.mktemp("spool"), 3 * BLOCK, keep)
    spool, put, lost, let_go = Spool(limits), 0, 0, []
    on_the_way = []
    for step in steps:
        if isinstance(step, int):
            lost += len(spool.put(_batch(put, step), None))
            put += 1
        elif step == "send" and (head := spool.head()) is not None:
            on_the_way.append((head.number, int(spool.read(head).key)))
            spool.hand_over()
        elif step == "let go" and on_the_way:
            number, key = on_the_way.pop(0)
            spool.let_go(number)
            let_go.append(key)
        elif step == "take back":
            spool.take_back()
            on_the_way.clear()
        assert spool.in_memory.size <= 500
        assert spool.in_files.size <= 3 * BLOCK
        assert put == lost + len(let_go) + len(spool)
        # What a crash would leave is without a hole: memory is newer than all files.
        places = [waiting.place for waiting in (*spool._handed_over.values(), *spool._queued)]
        assert [isinstance(place, SpoolFile) for place in places] == [
            number < spool.in_files.batches for number in range(len(places))
        ]
    spool.take_back()
    let_go += _drain(spool)
    assert let_go == sorted(set(let_go))
    assert (len(let_go) + lost, spool.in_memory, spool.in_files) == (put, Held(), Held())
    assert [path.name for path in limits.directory.iterdir()] == [".lock"]
    spool.close()
