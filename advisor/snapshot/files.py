"""Makes a directory hold the policies of the current suggestions, as `synthesize` writes them, and no others."""

import fcntl
import logging
import os
import re
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from advisor.suggestions.latest import Suggestions
from schemas.errors import Unavailable, UsageError
from schemas.records import PolicySuggestion
from synthesizer.evaluator.reader import BadPolicy, read_policies
from synthesizer.files import OutputRefused, PolicyFiles
from synthesizer.names import possible_names
from synthesizer.render import MANAGED_BY

_log = logging.getLogger(__name__)
_OURS: Final = ": ".join(MANAGED_BY).encode() + b"\n"
_LEFT: Final = re.compile(r"\.[0-9a-f]{16}\.tmp")
"""What `synthesizer.files` writes before it has a file's name."""


class Verb(Enum):
    """What became of a file."""

    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, order=True)
class File:
    """A policy's place in the directory.

    Attributes:
        namespace: The folder.
        name: metadata.name.
    """

    namespace: str
    name: str

    def __str__(self) -> str:
        """The path inside the directory."""
        return f"{self.namespace}/{self.name}.yaml"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one file.

    Attributes:
        verb: New, changed or removed.
        file: Which.
    """

    verb: Verb
    file: File


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the directory.

    Attributes:
        current: Files that hold a suggested policy now.
        changes: What this run changed, by file.
        refused: Why a file was not written, a sentence each.
    """

    current: frozenset[File]
    changes: tuple[Change, ...]
    refused: tuple[str, ...]


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """The directory, made if need be, for this process alone.

    Raises:
        UsageError: It cannot be made.
        Unavailable: Another snapshot works on it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise UsageError(f"--output {directory}: {error.strerror}. Name a writable directory.") from error
    try:
        _lock(handle, directory)
        yield
    finally:
        os.close(handle)


def write(suggestions: Suggestions, directory: Path) -> Outcome:
    """Make each suggestion's file hold its policy, and remove ours of all other workloads.

    Files of workloads whose suggestion cannot be read stay as they are.

    Raises:
        OutputUnavailable: The directory cannot be written; what was written stays, and the next run goes on.
    """
    policies = {_file_of(one): one.policy for one in suggestions.readable if one.policy}
    kept = {
        File(bad.ref.namespace, name)
        for bad in suggestions.unreadable
        for name in possible_names(bad.ref.namespace, bad.ref.name)
    }
    files, changes, refused = PolicyFiles(directory), [], []
    current = set()
    for file in sorted({*policies, *ours_in(directory, {*policies, *kept})}):
        try:
            change = _apply(files, directory, file, policies.get(file))
        except OutputRefused as error:
            refused.append(str(error))
            continue
        changes += [change] if change else []
        current |= {file} if file in policies else set()
    _sweep(directory)
    return Outcome(frozenset(current), tuple(changes), tuple(refused))


def ours_in(directory: Path, besides: Container[File] = ()) -> frozenset[File]:
    """Files that hold one policy of ours, under the name and in the folder where we would have written it.

    Args:
        directory: Where to look.
        besides: Files that are not looked at; reading ten thousand policies takes some ten seconds.
    """
    folders = [folder for folder in directory.glob("*/") if _is_plain(folder)]
    found = (File(path.parent.name, path.stem) for folder in folders for path in folder.glob("*.yaml"))
    return frozenset(file for file in found if file not in besides and _is_ours(directory, file))


def is_ours(content: bytes, file: File) -> bool:
    """Whether we would have written this content there: one policy with our label, of that name and namespace."""
    if _OURS not in content:
        return False
    try:
        policies = read_policies(content.decode())
    except (BadPolicy, UnicodeDecodeError):
        return False
    return [(one.namespace, one.name) for one in policies] == [(file.namespace, file.name)]


def _lock(handle: int, directory: Path) -> None:
    """It ends with the process; a file system that has no locks is worked on without one."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Unavailable(f"another snapshot works on {directory}; wait until it has ended") from error
    except OSError as error:
        _log.warning("%s cannot be locked (%s); let no other snapshot work on it", directory, error.strerror)


def _file_of(suggestion: PolicySuggestion) -> File:
    return File(suggestion.workload.namespace, suggestion.policy_name)


def _apply(files: PolicyFiles, directory: Path, file: File, policy: str | None) -> Change | None:
    if policy is None:
        return Change(Verb.REMOVED, file) if files.remove(file.namespace, file.name) else None
    known = (directory / str(file)).exists()
    if not files.write(file.namespace, file.name, policy):
        return None
    return Change(Verb.CHANGED if known else Verb.NEW, file)


def _is_plain(folder: Path) -> bool:
    return not folder.name.startswith(".") and not folder.is_symlink()


def _is_ours(directory: Path, file: File) -> bool:
    try:
        return is_ours((directory / str(file)).read_bytes(), file)
    except OSError:  # what cannot be read is not known to be ours
        return False


def _sweep(directory: Path) -> None:
    """Remove what a killed run was about to give a name."""
    for path in directory.glob("*/.*.tmp"):
        if _LEFT.fullmatch(path.name) and _is_plain(path.parent):
            path.unlink(missing_ok=True)
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
