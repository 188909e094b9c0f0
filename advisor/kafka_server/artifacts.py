"""Kafka's jars, fetched once with Maven and kept in the user's cache."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from schemas.errors import Unavailable

_POM: Final = Path(__file__).with_name("pom.xml")
_TIMEOUT_S: Final = 900


def cache_root() -> Path:
    """`$XDG_CACHE_HOME/network-policy-advisor`, by default under `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "network-policy-advisor"


def version() -> str:
    """The Kafka version that the pom names."""
    found = re.search(r"<artifactId>kafka-tools</artifactId>\s*<version>([^<]+)", _POM.read_text())
    if found is None:
        raise Unavailable(f"{_POM.name} names no version of kafka-tools")
    return found.group(1)


def fetch(cache: Path | None = None) -> Path:
    """The folder with Kafka's jars, fetched if it is not there; raises Unavailable with Maven's reason."""
    libraries = (cache or cache_root()) / f"kafka-{version()}" / "libs"
    if libraries.is_dir():
        return libraries
    if shutil.which("mvn") is None:
        raise Unavailable("Maven is needed once to fetch Kafka: run `make setup`, or apt-get install maven")
    libraries.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=libraries.parent) as scratch:
        _copy_dependencies(Path(scratch) / "libs")
        if not libraries.is_dir():
            (Path(scratch) / "libs").rename(libraries)
    return libraries


def _copy_dependencies(target: Path) -> None:
    command = ["mvn", "-B", "-q", "-f", str(_POM), "dependency:copy-dependencies", f"-DoutputDirectory={target}"]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = "\n".join(str(error.stdout or "").splitlines()[-5:])
        raise Unavailable(f"Maven could not fetch Kafka {version()}:\n{said}") from error


if __name__ == "__main__":
    sys.stdout.write(f"Kafka {version()}: {len(list(fetch().iterdir()))} jars\n")
