"""Kafka behind TLS and passwords: the options go through, and a refusal is one line and exit code 3 within seconds."""

import json
import time

import pytest
from programs import programs, records
from secured_kafka import PASSWORD, config, options

from schemas.kafka import KafkaSettings
from schemas.topics import CONNECTIONS

__all__ = ["config", "options"]

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

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
