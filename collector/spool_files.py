"""Batches in files: one each, whole or not there at all, in one order over restarts of the program."""

import contextlib
import errno
import fcntl
import logging
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

from schemas.errors import Unavailable, UsageError

LOG: Final = logging.getLogger(__name__)

_HEAD: Final = struct.Struct(">4sIH")
_MAGIC: Final = b"NPS1"
_BLOCK: Final = 4096
_NAME: Final = re.compile(r"(\d{20})-(\d+)\.batch")
_LOCK: Final = ".lock"
_TEMPORARY: Final = ".tmp"


class BrokenFile(Exception):  # noqa: N818  a state of the disk
    """A file does not hold what was written to it."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A batch on its way.

    Attributes:
        key: The record's key.
        value: The framed batch.
        connections: How many connections are lost if it is.
    """

    key: str
    value: bytes
    connections: int

    @property
    def size(self) -> int:
        """Bytes of the value, which is nearly all of it."""
        return len(self.value)


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """A batch in a file.

    Attributes:
        number: Its place in the order.
        connections: How many connections are lost if it is.
        size: Bytes that it takes on the disk, in whole blocks.
    """

    number: int
    connections: int
    size: int

    @property
    def name(self) -> str:
        """The file's name: it tells the number of connections, so that a broken file can be counted."""
        return f"{self.number:020d}-{self.connections}.batch"


def packed(outgoing: Outgoing) -> bytes:
    """What a file holds: magic, CRC-32 of all that follows it, length of the key, key, value."""
    key = outgoing.key.encode()
    rest = struct.pack(">H", len(key)) + key + outgoing.value
    return struct.pack(">4sI", _MAGIC, crc32(rest)) + rest


def unpacked(data: bytes, connections: int) -> Outgoing:
    """The batch of a file; raises BrokenFile."""
    if len(data) < _HEAD.size:
        raise BrokenFile(f"{len(data)} bytes are no batch")
    magic, checksum, length = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise BrokenFile("not written by a collector")
    if crc32(data[8:]) != checksum:
        raise BrokenFile("its checksum is wrong")
    end = _HEAD.size + length
    return Outgoing(data[_HEAD.size : end].decode(), data[end:], connections)


def size_on_disk(outgoing: Outgoing) -> int:
    """Bytes that a file takes, in whole blocks."""
    return _blocks(_HEAD.size + len(outgoing.key.encode()) + len(outgoing.value))


def _blocks(length: int) -> int:
    return -(-length // _BLOCK) * _BLOCK


class SpoolDirectory:
    """A directory that belongs to one collector at a time; files that are not ours are left alone."""

    def __init__(self, path: Path) -> None:
        """Take the directory.

        Raises:
            UsageError: It cannot be made or written to.
            Unavailable: Another collector has it.
        """
        self.path = path
        self._unsynced = False
        with contextlib.ExitStack() as opened:
            self._handle = self._open(opened)
            self._try()
            self._opened = opened.pop_all()

    def _open(self, opened: contextlib.ExitStack) -> int:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            opened.callback(os.close, handle)
            lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            opened.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(f"the spool directory {self.path} is in use by another collector") from error
        except OSError as error:
            raise _unusable(self.path, error) from error
        return handle

    def _try(self) -> None:
        # A disk that is full of our own batches gets room by sending them, so it stops no start.
        try:
            for abandoned in self.path.glob(f"*.batch{_TEMPORARY}"):  # a crash came while it was written
                abandoned.unlink()
            self._temporary("trial", bytes(_BLOCK)).unlink()
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT} or not self.left_behind():
                raise _unusable(self.path, error) from error
            LOG.warning("the spool directory %s is full of batches from before", self.path)

    def left_behind(self) -> tuple[SpoolFile, ...]:
        """The files that are there, in order."""
        found = [
            SpoolFile(int(match[1]), int(match[2]), _blocks(path.stat().st_size))
            for path in self.path.iterdir()
            if (match := _NAME.fullmatch(path.name))
        ]
        return tuple(sorted(found, key=lambda file: file.number))

    def write(self, number: int, outgoing: Outgoing) -> SpoolFile:
        """Put a batch into a file, which survives a crash of the machine from then on; raises OSError."""
        file = SpoolFile(number, outgoing.connections, size_on_disk(outgoing))
        self._write_whole(file, packed(outgoing))
        return file

    def read(self, file: SpoolFile) -> Outgoing:
        """The batch of a file; raises BrokenFile."""
        try:
            data = (self.path / file.name).read_bytes()
        except OSError as error:
            raise BrokenFile(f"it cannot be read ({error.strerror})") from error
        return unpacked(data, file.connections)

    def remove(self, file: SpoolFile) -> None:
        """Forget a batch; if that fails the batch is sent again by the next start, a repetition that readers drop."""
        try:
            (self.path / file.name).unlink()
        except OSError as error:
            LOG.warning("%s stays in the spool directory (%s)", file.name, error.strerror)
        self._unsynced = True

    def set_aside(self, file: SpoolFile) -> None:
        """Keep a broken file for a person to look at, under a name that is no batch's."""
        with contextlib.suppress(OSError):  # it was counted already; a file that has gone needs no other name
            (self.path / file.name).rename(self.path / f"{file.name}.broken")

    def sync(self) -> None:
        """Removed files stay removed after a crash of the machine, so that no old boot comes after a newer one."""
        if self._unsynced:
            self._unsynced = False
            with contextlib.suppress(OSError):  # the removals are then as durable as the file system makes them
                os.fsync(self._handle)

    def close(self) -> None:
        """Let another collector have the directory."""
        self._opened.close()

    def _write_whole(self, file: SpoolFile, data: bytes) -> None:
        final = self.path / file.name
        try:
            self._temporary(file.name, data).rename(final)
            os.fsync(self._handle)  # a rename is durable only with its directory (fsync(2), Notes)
        except OSError:
            final.unlink(missing_ok=True)  # counted as lost, so it may not come back with the next start
            raise

    def _temporary(self, name: str, data: bytes) -> Path:
        temporary = self.path / f"{name}{_TEMPORARY}"
        try:
            with temporary.open("wb") as output:
                output.write(data)
                output.flush()
                os.fsync(output.fileno())
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return temporary


def _unusable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"the spool directory {path} cannot be used ({error.strerror}). "
        "Give a directory on a writable disk with room (--spool-dir), or leave the option out."
    )
