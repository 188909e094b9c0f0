"""Security options are followed by Faust's client as librdkafka would follow them, or refused by name."""

import ssl
import subprocess

import faust
import pytest

from schemas.errors import UsageError
from schemas.kafka import KafkaSettings
from streams.worker.app import create_app
from streams.worker.credentials import only_librdkafka, security
from streams.worker.settings import StreamSettings

SASL = {"security.protocol": "SASL_PLAINTEXT", "sasl.username": "u", "sasl.password": "p"}


def test_without_options_there_is_nothing():
    known = security({})
    assert (known.tls, known.mechanism) == (None, "")


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "scram-sha-512"])
@pytest.mark.parametrize("name", ["sasl.mechanism", "sasl.mechanisms"])
def test_a_password_goes_by_each_mechanism_that_faust_has(name, mechanism):
    known = security({**SASL, name: mechanism})
    assert (known.tls, known.mechanism, known.username, known.password) == (None, mechanism.upper(), "u", "p")


def test_a_password_is_in_no_representation():
    assert "secret" not in repr(security({**SASL, "sasl.mechanism": "PLAIN", "sasl.password": "secret"}))


def test_tls_checks_the_brokers_name():
    context = security({"security.protocol": "ssl"}).tls
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_tls_without_the_name():
    context = security({"security.protocol": "SSL", "ssl.endpoint.identification.algorithm": "none"}).tls
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_REQUIRED)


def test_tls_without_any_check_is_what_one_has_asked_for():
    context = security({"security.protocol": "SSL", "enable.ssl.certificate.verification": "false"}).tls
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_NONE)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({**SASL, "sasl.mechanism": "OAUTHBEARER"}, "sasl.mechanism: `stream` can do PLAIN"),
        ({**SASL, "sasl.mechanism": "GSSAPI"}, "sasl.mechanism: `stream` can do PLAIN"),
        (SASL, "not GSSAPI"),
        ({"sasl.oauthbearer.config": "x"}, "sasl.oauthbearer.config is an option that `stream` cannot follow"),
        ({"ssl.keystore.location": "x"}, "ssl.keystore.location is an option"),
        ({"ssl.ca.pem": "x"}, "ssl.ca.pem is an option"),
        ({"enable.sasl.oauthbearer.unsecure.jwt": "true"}, "enable.sasl.oauthbearer.unsecure.jwt is an option"),
        ({"security.protocol": "TLS"}, "security.protocol: `stream` can do PLAINTEXT, SSL"),
        ({"security.protocol": "SSL", "ssl.ca.location": "/nowhere"}, "a certificate or a key cannot be used"),
        ({"security.protocol": "SSL", "enable.ssl.certificate.verification": "maybe"}, "true or false"),
        ({"bootstrap.servers": "elsewhere:9092"}, "give the brokers by --brokers"),
    ],
)
def test_what_faust_cannot_follow_is_refused_by_name(options, says):
    """Silence would be a worker that hangs, or one that trusts whom it should not."""
    with pytest.raises(UsageError, match=says.replace(".", r"\.")) as caught:
        security(options)
    assert caught.value.exit_code == 2


def test_an_encrypted_key_needs_its_password(tmp_path):
    """With it the certificate is used; without, nobody at a terminal is asked."""
    certificate, key = tmp_path / "client.crt", tmp_path / "client.key"
    new = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-days",
        "1",
        "-subj",
        "/CN=client",
        "-passout",
        "pass:word",
    )
    subprocess.run([*new, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    options = {"security.protocol": "SSL", "ssl.certificate.location": str(certificate), "ssl.key.location": str(key)}
    assert security({**options, "ssl.key.password": "word"}).tls is not None
    with pytest.raises(UsageError, match="a certificate or a key cannot be used"):
        security(options)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, type(None)),
        ({"security.protocol": "SSL"}, faust.SSLCredentials),
        ({**SASL, "sasl.mechanism": "PLAIN"}, faust.SASLCredentials),
        ({**SASL, "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN"}, faust.SASLCredentials),
    ],
)
def test_fausts_client_has_what_the_options_say(tmp_path, options, kind):
    settings = StreamSettings(KafkaSettings("unused:9092", options=tuple(options.items())))
    credentials = create_app(settings, tmp_path).conf.broker_credentials
    assert type(credentials) is kind
    if options:
        assert credentials.protocol.value == options["security.protocol"]


def test_options_that_are_no_matter_of_trust_are_told():
    assert only_librdkafka({**SASL, "socket.keepalive.enable": "true", "client.rack": "a"}) == (
        "client.rack",
        "socket.keepalive.enable",
    )


@pytest.mark.parametrize("worker_id", ["a b", "ä", "..", "x" * 250])
def test_a_workers_name_is_one_that_kafka_takes(worker_id):
    """Else the broker refuses it much later, in words of its own."""
    with pytest.raises(UsageError, match=r"^worker-id"):
        StreamSettings(KafkaSettings("unused"), worker_id=worker_id)


@pytest.mark.parametrize(
    "setting",
    [{"window_s": 86_401}, {"retention_s": 1e9}, {"lateness_s": 1e9}, {"inventory_wait_s": 3_601}, {"take": 1_001}],
)
def test_numbers_beyond_reason_are_refused(setting):
    """A slip of the hand that would only show when memory is full."""
    with pytest.raises(UsageError, match=r"at most|from 0 to"):
        StreamSettings(KafkaSettings("unused"), **setting)
