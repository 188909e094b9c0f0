"""Commits of policy files in the repository that their directory lies in; nothing else that is there is touched.

What is to be committed is what differs from the last commit, not what this run wrote: an earlier run may have been
killed in between.
"""

import os
import subprocess
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from advisor.snapshot.files import Change, File, Verb, is_ours
from schemas.errors import Unavailable, UsageError

_IDENTITY: Final = {"user.name": "network-policy snapshot", "user.email": "network-policy@localhost"}
"""Who commits where nobody has told git who they are, as in a container."""
_FOREIGN: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
_SETTINGS: Final = ("-c", "core.quotePath=false", "-c", "gc.autoDetach=false")
_VERBS: Final = {"A": Verb.NEW, "D": Verb.REMOVED}
_MARK: Final = "network-policy-snapshot"
_PATIENCE_S: Final = 5.0
_POLL_S: Final = 0.1


class Repository:
    """The repository of a directory.

    Args:
        directory: Where the policies are, in its work tree.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._mark = self._path_of(_MARK)
        if self._mark.exists():
            self._clear_locks()

    @classmethod
    def of(cls, directory: Path) -> "Repository":
        """The repository; one is made if the directory is empty.

        Raises:
            UsageError: There is none, or no work tree of one.
            Unavailable: There is no git, or it does not work here.
        """
        if not any(path.name != ".git" for path in directory.iterdir()) and not _is_inside(directory):
            _git(directory, "init", "--quiet", ".")
        if not _is_inside(directory):
            raise UsageError(f"--git: {directory} is in no git repository; run `git init {directory}` once")
        return cls(directory)

    def commit(self, current: Collection[File], message: Callable[[tuple[Change, ...]], str]) -> tuple[Change, ...]:
        """Commit what differs from the last commit; nothing if nothing does.

        Args:
            current: Files that hold a policy now. Of others, those are committed as removed that the last commit has,
                that were ours, and that are there no more.
            message: Makes the message from the changes.

        Raises:
            Unavailable: git refuses; the files are as they should be, and the next run tries again.
        """
        self._mark.touch()
        try:
            gone = [file for file in self._deleted() if file not in current]
            self._stage([*current, *gone])
            changes = tuple(self._staged({*current, *gone}))
            if changes:
                self._commit(changes, message(changes))
        finally:
            self._mark.unlink(missing_ok=True)
        return changes

    def head(self) -> str:
        """The last commit, in short."""
        return self._run("rev-parse", "--short", "HEAD").decode().strip()

    def _commit(self, changes: Iterable[Change], message: str) -> None:
        paths = b"\0".join(os.fsencode(str(change.file)) for change in changes)
        only = ("--only", "--pathspec-from-file=-", "--pathspec-file-nul")
        self._run(*self._who(), "commit", "--quiet", "--no-edit", *only, "-m", message, given=paths)

    def _who(self) -> Iterator[str]:
        for key, value in _IDENTITY.items():
            if not _output(self._directory, "config", key).stdout.strip():
                yield from ("-c", f"{key}={value}")

    def _deleted(self) -> Iterator[File]:
        """Files of ours that the last commit or the index has and the directory has not."""
        staged = self._run("diff", "--cached", "--name-only", "--diff-filter=D", "-z", "--relative", "--no-renames")
        missing = self._run("ls-files", "-z", "--deleted")
        for file in sorted(set(_files(_texts(staged + missing)))):
            if not (self._directory / str(file)).exists() and self._was_ours(file):
                yield file

    def _was_ours(self, file: File) -> bool:
        contents = (_output(self._directory, "cat-file", "blob", f"{place}:./{file}") for place in ("HEAD", ""))
        return any(is_ours(content.stdout, file) for content in contents if content.returncode == 0)

    def _stage(self, files: Iterable[File]) -> None:
        paths = b"".join(os.fsencode(str(file)) + b"\0" for file in files)
        self._run("update-index", "-z", "--add", "--remove", "--stdin", given=paths)

    def _staged(self, files: Collection[File]) -> Iterator[Change]:
        told = _texts(self._run("diff", "--cached", "--name-status", "-z", "--relative", "--no-renames"))
        for status, path in zip(told[::2], told[1::2], strict=True):
            for file in _files([path]):
                if file in files:
                    yield Change(_VERBS.get(status, Verb.CHANGED), file)

    def _clear_locks(self) -> None:
        """Remove the locks of a git that our killed run had started, once it has had the time to end by itself."""
        branch = _output(self._directory, "symbolic-ref", "--quiet", "HEAD").stdout.decode().strip()
        names = ("index.lock", "HEAD.lock", *([f"{branch}.lock"] if branch else ()))
        locks = [self._path_of(name) for name in names]
        deadline = time.monotonic() + _PATIENCE_S
        while any(lock.exists() for lock in locks) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        for lock in locks:
            lock.unlink(missing_ok=True)

    def _path_of(self, name: str) -> Path:
        return self._directory / self._run("rev-parse", "--git-path", name).decode().rstrip("\n")

    def _run(self, *arguments: str, given: bytes = b"") -> bytes:
        return _git(self._directory, *arguments, given=given)


def _is_inside(directory: Path) -> bool:
    done = _output(directory, "rev-parse", "--is-inside-work-tree")
    if done.returncode and b"not a git repository" not in done.stderr:
        raise Unavailable(f"git in {directory}: {_reason(done)}")
    return done.stdout.strip() == b"true"


def _git(directory: Path, *arguments: str, given: bytes = b"") -> bytes:
    done = _output(directory, *arguments, given=given)
    if done.returncode:
        raise Unavailable(f"git in {directory}: {_reason(done)}")
    return done.stdout


def _output(directory: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ["git", *_SETTINGS, "-C", str(directory), *arguments]
    try:
        return subprocess.run(command, input=given, capture_output=True, check=False, env=_environment())
    except OSError as error:
        raise Unavailable(f"--git needs git on the PATH: {error.strerror}") from error


def _environment() -> dict[str, str]:
    """Ours, in English, without what a git that runs us says of its own repository; a path is no pattern."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {**kept, "LC_ALL": "C", "GIT_LITERAL_PATHSPECS": "1"}


def _files(paths: Iterable[str]) -> Iterator[File]:
    """Those that lie where policies do: `<namespace>/<name>.yaml`."""
    for path in paths:
        namespace, slash, name = path.partition("/")
        if slash and "/" not in name and name.endswith(".yaml"):
            yield File(namespace, name.removesuffix(".yaml"))


def _texts(output: bytes) -> list[str]:
    return [os.fsdecode(part) for part in output.split(b"\0") if part]


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
    told = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    return told[0] if told else f"exit code {done.returncode}"
