"""Child processes that end with their owner, whatever happens to the owner."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from schemas.errors import Unavailable

_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_POLL_S: Final = 0.05


def _die_with_owner(owner: int) -> None:
    """Runs in the child before exec: prctl(2) PR_SET_PDEATHSIG, which exec keeps."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != owner:
        os._exit(1)


class Child:
    """One running program, its output in a log file.

    Start children from the main thread: Linux sends the death signal when the *thread* that forked ends.
    """

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    def start(cls, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> "Child":
        """Start a command with a log of its own; `env` is added to ours. Raises Unavailable if it cannot be started.

        It gets a session of its own, so that Ctrl-C reaches the owner alone, who ends its children in order.
        """
        owner = os.getpid()
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            try:
                process = subprocess.Popen(
                    list(command),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **(env or {})},
                    start_new_session=True,
                    preexec_fn=lambda: _die_with_owner(owner),  # noqa: PLW1509  one prctl and a test, safe after fork
                )
            except OSError as error:
                raise Unavailable(f"cannot start {name} ({command[0]}): {error.strerror}") from error
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def tail(self, lines: int = 8) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def wait_for(self, text: str, timeout_s: float) -> None:
        """Wait until the log holds the text; raises Unavailable if the program ends or the time is over first."""
        deadline = time.monotonic() + timeout_s
        while text not in self.log.read_text(errors="replace"):
            if self.exit_code is not None:
                raise Unavailable(f"{self.name} ended with code {self.exit_code}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise Unavailable(f"{self.name} did not say '{text}' within {timeout_s:.0f} s:\n{self.tail()}")
            time.sleep(_POLL_S)

    def wait(self, timeout_s: float) -> int:
        """The exit code once it has ended by itself; raises Unavailable after the time."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{self.name} still runs after {timeout_s:.0f} s:\n{self.tail()}") from None

    def stop(self, timeout_s: float = 20.0) -> int:
        """SIGTERM, then SIGKILL after the time; the exit code."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()

    def kill(self) -> None:
        """SIGKILL, as a crash would be."""
        self._process.kill()
        self._process.wait()


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 that nobody had a moment ago, for programs to be started."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
