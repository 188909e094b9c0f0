"""The programs of a real Kubernetes API for tests, built once from their Go modules and kept in the user's cache."""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from go_command import find_go

from advisor.kafka_server.artifacts import cache_root
from schemas.errors import Unavailable

SERVERS: Final = Path(__file__).parents[1] / "cluster" / "servers"
_BUILD_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Program:
    """One program: the folder with its go.mod, and its package."""

    name: str
    module: str
    package: str


PROGRAMS: Final = (
    Program("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
    Program("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok"),
    Program("kube-apiserver", "kube", "k8s.io/kubernetes/cmd/kube-apiserver"),
    Program("kube-controller-manager", "kube", "k8s.io/kubernetes/cmd/kube-controller-manager"),
)


def find_or_build(say: Callable[[str], None], cache: Path | None = None) -> Path:
    """The folder of the programs: `KUBEBUILDER_ASSETS` if all are in it, else our cache, built now if need be.

    Runs at the same time build once. Raises Unavailable with what is lacking.
    """
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and _complete(Path(assets)):
        return Path(assets)
    home = (cache or cache_root()) / "kube"
    target = home / f"{version()}-{_recipe()}"
    if not _complete(target):
        with _alone(home, say):
            if not _complete(target):
                _build(find_go(home), target, say)
    return target


def version() -> str:
    """The Kubernetes version that go.mod names, without the v."""
    found = re.search(r"^\s+k8s\.io/kubernetes v(\S+)", (SERVERS / "kube" / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise Unavailable("kube/go.mod names no version of Kubernetes")
    return found[1]


def _recipe() -> str:
    """Changes with anything that is built from."""
    files = sorted(SERVERS.glob("*/go.*"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


def _complete(folder: Path) -> bool:
    return all(os.access(folder / program.name, os.X_OK) for program in PROGRAMS)


@contextmanager
def _alone(home: Path, say: Callable[[str], None]) -> Iterator[None]:
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "lock").open("w")
    except OSError as error:
        raise Unavailable(f"{home} cannot be written: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that builds the Kubernetes API for tests")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(go: Path, target: Path, say: Callable[[str], None]) -> None:
    target.mkdir(exist_ok=True)
    say(f"building a Kubernetes {version()} API for tests into {target}: once, about ten minutes")
    for program in PROGRAMS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            _compile(go, program, Path(scratch) / program.name)
            (Path(scratch) / program.name).rename(target / program.name)
        say(f"  {program.name}: {time.monotonic() - began:.0f} s")


def _compile(go: Path, program: Program, output: Path) -> None:
    command = [str(go), "build", "-ldflags", _ldflags(), "-o", str(output), program.package]
    env = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false -p=2",  # two compilers at once: under 4 GB of memory
    }
    try:
        subprocess.run(
            command, cwd=SERVERS / program.module, env=env, capture_output=True, text=True, check=True, timeout=_BUILD_S
        )
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"{program.name} could not be built:\n{error.stderr[-800:]}") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{program.name} could not be built in {_BUILD_S // 60} minutes") from error


def _ldflags() -> str:
    """No symbols; and the version, without which the API server takes itself for an unnamed one."""
    stamp = "k8s.io/component-base/version"
    major, minor, _ = version().split(".")
    stamps = {"gitVersion": f"v{version()}", "gitMajor": major, "gitMinor": minor}
    return " ".join(["-s -w", *(f"-X {stamp}.{name}={value}" for name, value in stamps.items())])


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_or_build(lambda text: print(text, flush=True))}\n")
    except Unavailable as error:
        sys.stderr.write(f"servers: {error}\n")
        sys.exit(error.exit_code)
