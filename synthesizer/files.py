"""Policies as files, `DIR/<namespace>/<policy>.yaml`: whole or not at all, only changed bytes, never another's file."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Final

from schemas.errors import Unavailable

_OURS: Final = b"app.kubernetes.io/managed-by: network-policy-advisor\n"
_LONGEST: Final = 250


class OutputUnavailable(Unavailable):
    """The directory is full, read-only or gone; the same write may succeed later."""


class OutputRefused(ValueError):  # noqa: N818  a finding about one file, and the others go on
    """The file would lie outside of the directory, or is somebody else's; trying again does not help."""


class PolicyFiles:
    """The files of one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, namespace: str, name: str, text: str) -> bool:
        """Make the file hold the text; whether it was changed; raises OutputUnavailable or OutputRefused."""
        path = self._path(namespace, name)
        wanted = text.encode()
        try:
            known = _bytes_of(path)
            if known == wanted:
                return False
            if known is not None and _OURS not in known:
                raise OutputRefused(f"{path} was not written by this program; move it away to get the suggestion")
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, wanted)
        except OSError as error:
            raise OutputUnavailable(f"cannot write {path}: {error.strerror}. Is the directory writable?") from error
        return True

    def remove(self, namespace: str, name: str) -> bool:
        """Remove the file if we wrote it; whether there was one; raises OutputUnavailable or OutputRefused."""
        path = self._path(namespace, name)
        try:
            if _OURS not in (_bytes_of(path) or b""):
                return False
            path.unlink(missing_ok=True)
            _remove_if_empty(path.parent)
        except OSError as error:
            raise OutputUnavailable(f"cannot remove {path}: {error.strerror}. Is the directory writable?") from error
        return True

    def _path(self, namespace: str, name: str) -> Path:
        for part in (namespace, name):
            if part in ("", ".", "..") or len(part) > _LONGEST or not part.isprintable() or set(part) & set("/\\"):
                raise OutputRefused(f"{part!r} cannot be part of a file's name")
        folder = self._directory / namespace
        if not folder.resolve().is_relative_to(self._directory.resolve()):
            raise OutputRefused(f"{folder} leads out of {self._directory}")
        return folder / f"{name}.yaml"


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _replace(path: Path, content: bytes) -> None:
    """The temporary name is fixed, so that what a killed program left is written over."""
    temporary = path.parent / f".{sha256(path.name.encode()).hexdigest()[:16]}.tmp"
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
