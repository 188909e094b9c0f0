"""A batch's file is whole or not there, and the directory belongs to one collector at a time."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.spool_files import BrokenFile, Outgoing, SpoolDirectory, packed, unpacked
from schemas.errors import Unavailable, UsageError

BATCH = Outgoing("test/n1", b"\xc3\x01framed", 7)


@pytest.fixture
def directory(tmp_path):
    """A spool directory that did not exist before."""
    opened = SpoolDirectory(tmp_path / "a" / "spool")
    yield opened
    opened.close()


@given(key=st.text(max_size=50), value=st.binary(max_size=200), connections=st.integers(0, 10**9))
def test_what_is_packed_is_unpacked(key, value, connections):
    """Any key, any bytes."""
    assert unpacked(packed(Outgoing(key, value, connections)), connections) == Outgoing(key, value, connections)


@given(data=st.data())
def test_a_file_cut_or_changed_anywhere_is_broken(data):
    """Never another batch, never another exception."""
    whole = packed(BATCH)
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    for broken in (whole[:at], changed, whole + b"x"):
        with pytest.raises(BrokenFile):
            unpacked(broken, 7)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_batch_or_broken(data):
    """Whatever else is in such a file."""
    with pytest.raises(BrokenFile):
        unpacked(data, 0)


def test_a_file_is_listed_read_and_removed(directory):
    """In the order of the numbers, which is not the order of writing."""
    files = [directory.write(number, BATCH) for number in (10, 9, 100)]
    assert [file.number for file in directory.left_behind()] == [9, 10, 100]
    assert {directory.read(file) for file in files} == {BATCH}
    for file in files:
        directory.remove(file)
    assert directory.left_behind() == ()


def test_what_is_not_ours_is_left_alone_and_what_was_half_written_goes(directory):
    """A crash while a file was written leaves nothing to the next start."""
    (directory.path / "notes.txt").write_text("mine")
    (directory.path / "00000000000000000001-7.batch.tmp").write_bytes(b"half")
    directory.close()
    again = SpoolDirectory(directory.path)
    assert again.left_behind() == ()
    assert sorted(path.name for path in directory.path.iterdir()) == [".lock", "notes.txt"]


def test_two_collectors_do_not_share_a_directory(directory):
    """The second is told so; a killed first one would not be in its way."""
    with pytest.raises(Unavailable, match="in use by another collector"):
        SpoolDirectory(directory.path)


def test_a_place_that_cannot_be_a_directory_is_a_usage_error(tmp_path):
    """The error names it and says why."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"file/spool cannot be used \(Not a directory\)"):
        SpoolDirectory(tmp_path / "file" / "spool")


def _fsync_failing_with(number):
    def fsync(_descriptor):
        raise OSError(number, os.strerror(number))

    return fsync


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_takes_nothing_is_a_usage_error_at_the_start(tmp_path, monkeypatch, number):
    """It is tried before anything depends on it, and leaves nothing."""
    monkeypatch.setattr(os, "fsync", _fsync_failing_with(number))
    with pytest.raises(UsageError, match=os.strerror(number)):
        SpoolDirectory(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_directory_that_was_refused_is_free_for_the_next(tmp_path, monkeypatch):
    """No lock and no open file stay behind."""
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", _fsync_failing_with(errno.EIO))
        with pytest.raises(UsageError):
            SpoolDirectory(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    SpoolDirectory(tmp_path).close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_disk_full_of_our_own_batches_stops_no_start(directory, monkeypatch):
    """Only sending them makes room."""
    directory.write(1, BATCH)
    directory.close()
    monkeypatch.setattr(os, "fsync", _fsync_failing_with(errno.ENOSPC))
    assert [file.number for file in SpoolDirectory(directory.path).left_behind()] == [1]


@pytest.mark.parametrize("calls_that_work", [0, 1])
def test_a_batch_that_could_not_be_written_does_not_come_back(directory, monkeypatch, calls_that_work):
    """Neither its bytes nor its name may fail: it is counted as lost, so the next start must not find it."""
    results, fsync, failing = iter([None] * calls_that_work), os.fsync, _fsync_failing_with(errno.EIO)
    monkeypatch.setattr(os, "fsync", lambda descriptor: next(results, failing) is None or failing(descriptor))
    with pytest.raises(OSError, match="Input/output"):
        directory.write(1, BATCH)
    monkeypatch.setattr(os, "fsync", fsync)
    assert [path.name for path in directory.path.iterdir()] == [".lock"]


def test_a_file_is_on_the_disk_before_it_has_its_name(directory, monkeypatch):
    """And the name is too, before the batch counts as kept; a removal becomes as durable when asked."""
    done, fsync, rename = [], os.fsync, Path.rename

    def recorded_fsync(descriptor):
        done.append(Path(f"/proc/self/fd/{descriptor}").resolve().name)
        fsync(descriptor)

    def recorded_rename(path, target):
        done.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "rename", recorded_rename)
    file = directory.write(1, BATCH)
    assert done == [f"{file.name}.tmp", "rename", "spool"]
    directory.remove(file)
    directory.sync()
    directory.sync()
    assert done[3:] == ["spool"]
