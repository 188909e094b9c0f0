"""Starting, stopping and restarting one embedded Kafka."""

import base64
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from advisor.kafka_server.artifacts import cache_root, fetch
from advisor.kafka_server.config import LOGGING, ServerConfig
from advisor.processes import Child, free_ports
from schemas.errors import BrokerUnavailable, Unavailable
from schemas.kafka import KafkaSettings, partitions_of

_JAVA: Final = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_START_S: Final = 60.0
_RUN_PREFIX: Final = "kafka-run-"


class KafkaServer:
    """One running server; `brokers` is its address."""

    def __init__(self, config: ServerConfig, libraries: Path) -> None:
        self._config = config
        self._libraries = libraries
        self._child: Child | None = None

    @classmethod
    @contextmanager
    def start(cls, cache: Path | None = None) -> Iterator["KafkaServer"]:
        """A server on free ports, with a data folder that is removed at the end.

        Raises:
            Unavailable: Java or Maven is missing, the jars cannot be fetched, or the server does not start.
        """
        libraries = fetch(cache)
        runs = (cache or cache_root()) / "run"
        remove_abandoned(runs)
        runs.mkdir(parents=True, exist_ok=True)
        directory = Path(tempfile.mkdtemp(prefix=f"{_RUN_PREFIX}{os.getpid()}-", dir=runs))
        server = cls(ServerConfig(directory, *free_ports(2)), libraries)
        try:
            server.format()
            server.restart()
            yield server
        finally:
            server.stop()
            shutil.rmtree(directory, ignore_errors=True)

    @property
    def brokers(self) -> str:
        """host:port for clients."""
        return self._config.brokers

    def format(self) -> None:
        """Prepare an empty data folder for a quorum of one."""
        config = self._config
        config.properties_file.write_text(config.properties())
        (config.directory / "log4j2.properties").write_text(LOGGING)
        arguments = ["format", "-c", str(config.properties_file), f"--cluster-id={_cluster_id()}", "--standalone"]
        command = self._java("kafka.tools.StorageTool", *arguments)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_START_S)
        if done.returncode:
            raise Unavailable(f"Kafka's data folder could not be prepared:\n{(done.stdout + done.stderr)[-800:]}")

    def restart(self) -> None:
        """Start it, again with the same ports and data if it ran before; returns once it answers."""
        self.stop()
        command = self._java("kafka.Kafka", str(self._config.properties_file))
        self._child = Child.start("kafka", command, self._config.log_file)
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._child.exit_code is not None or time.monotonic() > deadline:
                raise Unavailable(f"Kafka did not start:\n{self._child.tail(20)}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it in an orderly way; its data stay until the context ends."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def kill(self) -> None:
        """End it as a crash would."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", self._config.broker_port)):
                return False
        try:
            partitions_of(KafkaSettings(self.brokers))
        except BrokerUnavailable:
            return False
        return True

    def _java(self, main: str, *arguments: str) -> list[str]:
        java = shutil.which("java")
        if java is None:
            raise Unavailable("Java 17 or newer is needed to run Kafka: apt-get install default-jre-headless")
        logging = f"-Dlog4j2.configurationFile={self._config.directory / 'log4j2.properties'}"
        return [java, *_JAVA, logging, "-cp", f"{self._libraries}/*", main, *arguments]


def remove_abandoned(runs: Path) -> None:
    """Remove data folders whose owner was killed before it could."""
    for folder in runs.glob(f"{_RUN_PREFIX}*"):
        owner = folder.name.removeprefix(_RUN_PREFIX).split("-")[0]
        if not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _cluster_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
