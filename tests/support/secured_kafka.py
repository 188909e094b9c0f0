"""A real Kafka with one more listener: TLS and a password, by either mechanism; certificates beside it."""

import dataclasses
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka.admin import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from advisor.kafka_server import KafkaServer
from advisor.kafka_server.artifacts import fetch
from advisor.kafka_server.config import ServerConfig
from advisor.processes import free_ports
from schemas.kafka import KafkaSettings, admin
from schemas.topic_admin import Layout, create_topics

USER, PASSWORD = "collector", "correct horse=#1"


@dataclasses.dataclass(frozen=True, slots=True)
class SecuredConfig(ServerConfig):
    """The same server with one more listener, for TLS and a password."""

    secured_port: int

    def properties(self) -> str:
        """The later line wins (java.util.Properties)."""
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
        names = "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURED:SASL_SSL"
        advertised = f"PLAINTEXT://{self.brokers},SECURED://127.0.0.1:{self.secured_port}"
        return f"""{ServerConfig.properties(self)}
listeners={advertised},CONTROLLER://127.0.0.1:{self.controller_port}
advertised.listeners={advertised}
listener.security.protocol.map={names}
inter.broker.listener.name=PLAINTEXT
listener.name.secured.ssl.keystore.type=PEM
listener.name.secured.ssl.keystore.location={self.directory / "server.pem"}
listener.name.secured.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256
listener.name.secured.plain.sasl.jaas.config={plain} required user_{USER}="{PASSWORD}";
listener.name.secured.scram-sha-256.sasl.jaas.config={scram} required;
"""


def _certificates(directory: Path) -> None:
    """An authority, another that nobody signed with, and the server's certificate for 127.0.0.1."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    for name in ("authority", "stranger"):
        openssl(*new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")
    signed = ("-CA", "authority.crt", "-CAkey", "authority.key", "-addext", "subjectAltName=IP:127.0.0.1")
    openssl(*new, "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.crt", *signed)
    pem = "".join((directory / name).read_text() for name in ("server.key", "server.crt", "authority.crt"))
    (directory / "server.pem").write_text(pem)


def _add_scram_user(plaintext: KafkaSettings) -> None:
    client = admin(plaintext)  # it must outlive its answer
    scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
    user = UserScramCredentialUpsertion(USER, scram, PASSWORD.encode())
    for done in client.alter_user_scram_credentials([user]).values():
        done.result()


@contextmanager
def secured(directory: Path) -> Iterator[SecuredConfig]:
    """A running server with topics, the certificates beside it, and a user by either mechanism."""
    _certificates(directory)
    config = SecuredConfig(directory, *free_ports(3))
    server = KafkaServer(config, fetch())
    server.format()
    try:
        server.restart()
        plaintext = KafkaSettings(server.brokers, cluster="test")
        create_topics(plaintext, Layout(partitions=1))
        _add_scram_user(plaintext)
        yield config
    finally:
        server.stop()


def write_options(
    config: SecuredConfig, path: Path, mechanism: str = "PLAIN", password: str = PASSWORD, authority: str = "authority"
) -> Path:
    """A file of options as a deployment's secret would hold it."""
    path.write_text(f"""# a secret
security.protocol=SASL_SSL
sasl.mechanism={mechanism}
sasl.username={USER}
sasl.password={password}
ssl.ca.location={config.directory / authority}.crt
""")
    return path


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredConfig]:
    """The server of a test's module."""
    with secured(tmp_path_factory.mktemp("secured")) as running:
        yield running


@pytest.fixture
def options(config: SecuredConfig, tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of options; arguments as `write_options`."""
    return lambda *given, **named: write_options(config, tmp_path / "client.properties", *given, **named)
