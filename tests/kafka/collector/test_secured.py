"""Kafka behind TLS and passwords: the options go through, and a refusal is one line and exit code 3 within seconds."""

import dataclasses
import json
import socket
import subprocess
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from programs import programs, records

from advisor.kafka_server import KafkaServer
from advisor.kafka_server.artifacts import fetch
from advisor.kafka_server.config import ServerConfig
from schemas.kafka import KafkaSettings, admin
from schemas.topic_admin import Layout, create_topics
from schemas.topics import CONNECTIONS

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

USER, PASSWORD = "collector", "correct horse=#1"
SOON_S = 15
LINE = {
    "node": "n1",
    "role": "server",
    "protocol": "TCP",
    "local_address": "10.201.0.5",
    "remote_address": "10.201.0.6",
    "port": 8080,
    "count": 3,
    "last_seen": "2026-01-02T03:04:05.000Z",
}


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


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _add_scram_user(plaintext: KafkaSettings) -> None:
    client = admin(plaintext)  # it must outlive its answer
    scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
    user = UserScramCredentialUpsertion(USER, scram, PASSWORD.encode())
    for done in client.alter_user_scram_credentials([user]).values():
        done.result()


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """A running server with topics, the certificates beside it, and a user by either mechanism."""
    directory = tmp_path_factory.mktemp("secured")
    _certificates(directory)
    config = SecuredConfig(directory, *_free_ports(3))
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


@pytest.fixture
def options(config, tmp_path):
    """Writes a file of options as a deployment's secret would hold it."""

    def write(mechanism="PLAIN", password=PASSWORD, authority="authority"):
        path = tmp_path / "client.properties"
        path.write_text(f"""# a secret
security.protocol=SASL_SSL
sasl.mechanism={mechanism}
sasl.username={USER}
sasl.password={password}
ssl.ca.location={config.directory / authority}.crt
""")
        return path

    return write


@pytest.fixture
def replay(config, tmp_path):
    """Publishes a recording by the installed command; gives the ended program."""
    recording = tmp_path / "recording.jsonl"
    recording.write_text(json.dumps(LINE))
    secured = KafkaSettings(f"127.0.0.1:{config.secured_port}", cluster="test")
    with programs(secured, tmp_path) as running:

        def start(path, *more):
            child = running.start("collect", "--replay", recording, "--kafka-config", path, *more, ready=False)
            return child, child.wait(4 * SOON_S)

        yield start


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_a_collector_publishes_through_tls_with_a_password(config, options, replay, mechanism):
    """The batch and its schema arrive; the password stands in no argument and no log."""
    plaintext = KafkaSettings(config.brokers, cluster="test")
    before = len(records(plaintext, CONNECTIONS))
    child, code = replay(options(mechanism))
    assert code == 0, child.tail()
    assert len(records(plaintext, CONNECTIONS)) == before + 1
    assert PASSWORD not in child.log.read_text()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_a_wrong_password_is_told_within_seconds(options, replay, mechanism):
    """One line that says so, exit code 3, and not the password."""
    began = time.monotonic()
    child, code = replay(options(mechanism, password="battery-staple"))
    said = child.log.read_text()
    assert (code, said.count("\n")) == (3, 1), said
    assert time.monotonic() - began < SOON_S
    assert "no trust between us and Kafka" in said
    assert "uthentication failed" in said
    assert "--kafka-config" in said
    assert "battery-staple" not in said


def test_an_untrusted_certificate_is_told_within_seconds(options, replay):
    """One line with the reason, exit code 3."""
    began = time.monotonic()
    child, code = replay(options(authority="stranger"))
    said = child.log.read_text()
    assert (code, said.count("\n")) == (3, 1), said
    assert time.monotonic() - began < SOON_S
    assert "certificate verify failed" in said


def test_a_client_without_tls_is_told_within_seconds(config, options, replay):
    """A client that speaks no TLS to a TLS listener is told what may be wrong."""
    began = time.monotonic()
    child, code = replay(options(), "-X", "security.protocol=PLAINTEXT")
    said = child.log.read_text()
    assert (code, said.count("\n")) == (3, 1), said
    assert time.monotonic() - began < SOON_S + 10
    assert "security.protocol" in said
